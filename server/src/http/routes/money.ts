/** The routes that move money from or to one's own account. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Submission } from '../../../../ledger/src/bookkeeper/submission.ts';
import type { Command } from '../../../../ledger/src/domain/commands.ts';
import { decide, isRejection } from '../../../../ledger/src/domain/decide.ts';
import type { AccountId, LedgerEvent } from '../../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../../ledger/src/domain/events.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import { maskName, matchPayee } from '../../access/payee.ts';
import type { Asker, PayeeLimits } from '../../access/payee-limits.ts';
import type { PinAuthenticator } from '../../access/pin-authenticator.ts';
import { pinRejection } from '../../access/pin-rejection.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import type { Call } from '../../../../api/src/call.ts';
import type { ApiRejection } from '../../../../api/src/problems.ts';
import { requestCurrency } from '../../../../api/src/fields.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../../../../api/src/calls/money.ts';
import { commandIds, replayHeader, requestHash } from '../idempotency.ts';
import type { RequestContext, Result, Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { holderOf, toMinor } from '../view.ts';
import { catchUp, submit, waitForPosition } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly readModel: ReadModel;
  readonly pinAuthenticator: PinAuthenticator;
  readonly payeeLimits: Pick<PayeeLimits, 'check' | 'unknown' | 'stopped'>;
  readonly security: SecurityLog;
  readonly requestKey: KeyObject;
};

type Operation = { operationId: string; balance: string; position: number };

export const moneyRoutes = (parts: Parts): readonly Route[] => [
  route(deposit, (context) => {
    const { caller, body, terminal } = context;
    return carryOut(parts, deposit, context, {
      type: 'Deposit',
      account: caller.account,
      terminal,
      ...toMoney(body.amount),
    });
  }),

  route(withdraw, (context) => {
    const { caller, body, terminal } = context;
    return carryOut(parts, withdraw, context, {
      type: 'Withdraw',
      account: caller.account,
      terminal,
      ...toMoney(body.amount),
    });
  }),

  route(transfer, (context) => {
    const { caller, body } = context;
    return carryOut(parts, transfer, context, {
      type: 'Transfer',
      from: caller.account,
      to: body.to,
      ...toMoney(body.amount),
      ...(body.reference !== undefined && { reference: body.reference }),
    });
  }),

  route(previewTransfer, async ({ caller, source, body: { to, amount, name } }) => {
    const { bookkeeper, payeeLimits } = parts;
    const asker = { account: caller.account, source };
    const tooMany = await payeeLimits.check(asker);
    if (tooMany !== undefined) return { code: 'too_many_requests', ...tooMany };
    // Another server may have written a moment ago.
    const stopped = (await guardDestination(parts, asker, to)) ?? (await catchUp(bookkeeper));
    if (stopped !== undefined) return stopped;
    const decision = decide(bookkeeper.book, { type: 'Transfer', from: caller.account, to, ...toMoney(amount) });
    if (isRejection(decision)) return decision;
    const payee = await payeeOf(parts, to, name);
    if (typeof payee === 'object') return payee;
    return {
      body: {
        to,
        ...(payee !== undefined && { payee }),
        amount: formatAmount(toMinor(amount), requestCurrency),
        balanceAfter: balanceAfter(decision[0], caller.account),
      },
    };
  }),
];

const toMoney = (amount: string) => ({ amount: toMinor(amount), currency: requestCurrency });

/** Whoever has tried too many numbers that no account has makes no transfer for a while, to whichever number. */
async function guardDestination(
  { bookkeeper, payeeLimits }: Pick<Parts, 'bookkeeper' | 'payeeLimits'>,
  asker: Asker,
  to: AccountId,
): Promise<ApiRejection | undefined> {
  const isKnown = (): boolean => bookkeeper.book.account(to) !== undefined;
  // Another server may have opened it a moment ago.
  const unread = isKnown() ? undefined : await catchUp(bookkeeper);
  if (unread !== undefined) return unread;
  const tooMany = await (isKnown() ? payeeLimits.stopped(asker) : payeeLimits.unknown(asker));
  return tooMany && { code: 'too_many_requests', ...tooMany };
}

/** Whose account it is, as far as a sender is told. */
async function payeeOf(
  { bookkeeper, readModel }: Parts,
  to: AccountId,
  name: string | undefined,
): Promise<string | undefined | ApiRejection> {
  let account = await readModel.account(to);
  if (account === undefined) {
    // Opened a moment ago: the journal has it, the read model not yet.
    const late = await waitForPosition(readModel, bookkeeper.head);
    if (late !== undefined) return late;
    account = await readModel.account(to);
  }
  const holder = account && holderOf(account);
  if (name !== undefined) return holder === undefined ? 'none' : matchPayee(name, holder);
  return holder && maskName(holder);
}

async function carryOut(
  parts: Parts,
  call: Call,
  context: Pick<
    RequestContext<typeof deposit>,
    'caller' | 'body' | 'received' | 'key' | 'terminal' | 'address' | 'source' | 'correlationId'
  >,
  command: Command,
): Promise<Result<Operation>> {
  const { bookkeeper, pinAuthenticator, security, requestKey } = parts;
  const { caller, terminal, address, source, correlationId } = context;
  const confirmed = await pinAuthenticator.confirm(caller, context.body.pin);
  if (!confirmed.ok) {
    const attempt = { account: caller.account, terminal, address, correlationId };
    return pinRejection(confirmed, { bookkeeper, security }, attempt);
  }
  if (command.type === 'Transfer') {
    const stopped = await guardDestination(parts, { account: caller.account, source }, command.to);
    if (stopped !== undefined) return stopped;
  }
  const submission: Submission = {
    command,
    commandId: commandIds.ofAccount(caller.account, context.key),
    requestHash: requestHash(requestKey, call, context.received),
    actor: `session:${caller.account}`,
    terminal,
    correlationId,
  };
  const outcome = await submit(bookkeeper, submission);
  if ('code' in outcome) return outcome;
  const [{ id, event }] = outcome.recorded;
  return {
    body: { operationId: id, balance: balanceAfter(event, caller.account), position: outcome.position },
    headers: replayHeader(outcome),
  };
}

/** The balance right after this event, as the event itself has it: the same however often the command is sent. */
function balanceAfter(event: LedgerEvent, account: string): string {
  const posting = isMoneyEvent(event) ? event.postings.find((one) => one.account === account) : undefined;
  if (posting === undefined) throw new Error(`${event.type} has no posting on the account it was asked for`);
  return formatAmount(posting.balance, requestCurrency);
}
