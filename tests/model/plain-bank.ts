/** The bank as one would explain it on paper: a few numbers, no events. The real one has to say the same. */
import type { RejectionCode } from '../../ledger/src/domain/rejections.ts';

export type PlainAccount = {
  readonly floor: bigint;
  balance: bigint;
  postings: number;
  status: 'open' | 'frozen' | 'closed';
};

/** Accounts in the order of their opening: the first has the number 1. */
export type PlainBank = { readonly accounts: PlainAccount[]; cash: bigint };

/** Accounts are numbers here; one that was never opened may be asked for. */
export type Request =
  | { readonly kind: 'open'; readonly floor: bigint }
  | { readonly kind: 'deposit' | 'withdraw'; readonly account: number; readonly amount: bigint }
  | { readonly kind: 'transfer'; readonly from: number; readonly to: number; readonly amount: bigint }
  | { readonly kind: 'freeze' | 'unfreeze' | 'close'; readonly account: number };

/** In cents. */
const mostAtOnce = 1_000_000_000n;

/** Carries the request out, or says why not and leaves everything as it was. */
export function carryOut(bank: PlainBank, request: Request): RejectionCode | undefined {
  const account = (number: number): PlainAccount | undefined => bank.accounts[number - 1];
  switch (request.kind) {
    case 'open':
      bank.accounts.push({ floor: request.floor, balance: 0n, postings: 0, status: 'open' });
      return undefined;
    case 'deposit':
    case 'withdraw': {
      const { amount } = request;
      const own = account(request.account);
      const rejection = wrongAmount(amount) ?? (own === undefined ? 'account_not_found' : undefined);
      if (rejection !== undefined || own === undefined) return rejection;
      if (own.status !== 'open') return own.status === 'closed' ? 'account_closed' : 'account_frozen';
      const change = request.kind === 'deposit' ? amount : -amount;
      if (change < 0n && own.balance + change < own.floor) return 'insufficient_funds';
      post(own, change);
      bank.cash -= change;
      return undefined;
    }
    case 'transfer': {
      const { amount } = request;
      const [from, to] = [account(request.from), account(request.to)];
      const rejection = wrongAmount(amount) ?? (request.from === request.to ? 'same_account' : undefined);
      if (rejection !== undefined) return rejection;
      if (from === undefined) return 'account_not_found';
      if (to === undefined) return 'destination_not_found';
      if (from.status === 'closed' || to.status === 'closed') return 'account_closed';
      if (from.status === 'frozen' || to.status === 'frozen') return 'account_frozen';
      if (from.balance - amount < from.floor) return 'insufficient_funds';
      post(from, -amount);
      post(to, amount);
      return undefined;
    }
    case 'freeze':
    case 'unfreeze':
    case 'close': {
      const own = account(request.account);
      if (own === undefined) return 'account_not_found';
      if (own.status === 'closed') return 'account_closed';
      if (request.kind === 'freeze' && own.status === 'frozen') return 'account_frozen';
      if (request.kind === 'unfreeze' && own.status === 'open') return 'account_not_frozen';
      if (request.kind === 'close' && own.balance !== 0n) return 'account_not_empty';
      own.status = request.kind === 'freeze' ? 'frozen' : request.kind === 'unfreeze' ? 'open' : 'closed';
      return undefined;
    }
  }
}

function wrongAmount(amount: bigint): RejectionCode | undefined {
  if (amount <= 0n) return 'amount_not_positive';
  return amount > mostAtOnce ? 'limit_exceeded' : undefined;
}

function post(account: PlainAccount, amount: bigint): void {
  account.balance += amount;
  account.postings += 1;
}
