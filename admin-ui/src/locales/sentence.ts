/** An event of the journal as one sentence. */
import { decode } from '../../../ledger/src/domain/codec.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import type { JournalEvent } from '../bank/calls.ts';
import type { Locale } from './fr.ts';

export function sentenceOf(
  { position, id, type, stored }: JournalEvent,
  { sentence }: Locale,
  money: (amount: string) => string,
  time: (iso: string) => string,
): string {
  const { event } = decode({ position, id, type, data: stored.data, metadata: stored.metadata });
  if (!isMoneyEvent(event)) {
    if (event.type === 'CustomerRegistered') return sentence.CustomerRegistered();
    if (event.type === 'CustomerErased') return sentence.CustomerErased(event.customer, event.reason);
    if (event.type === 'AccessLocked') return sentence.AccessLocked(event.account, time(event.until));
    if (event.type === 'AccountOpened' || event.type === 'PinChanged') return sentence[event.type](event.account);
    if (event.type === 'BatchOrdered' || event.type === 'ActionProposed') {
      const total = money(formatAmount(event.total, event.currency));
      return event.type === 'BatchOrdered'
        ? sentence.BatchOrdered(event.count, total, event.reason)
        : sentence.ActionProposed(event.proposal, event.count, total, event.reason);
    }
    if (event.type === 'ActionApproved') return sentence.ActionApproved(event.proposal);
    if (event.type === 'ActionRejected') return sentence.ActionRejected(event.proposal, event.reason);
    if (event.type === 'VerificationEnded') {
      const differences = Object.values(event.differences).reduce((sum, count) => sum + count, 0);
      return sentence.VerificationEnded(event.verification, event.outcome, event.verified, differences);
    }
    if (event.type === 'CommandDeclined') {
      const { account, command, amount, currency, code } = event;
      const sum = amount === undefined || currency === undefined ? undefined : money(formatAmount(amount, currency));
      return sentence.CommandDeclined(account, command, sum, code);
    }
    return sentence[event.type](event.account, event.reason);
  }
  const [first, second] = event.postings;
  const [giver, taker] = first.amount < 0n ? [first, second] : [second, first];
  const text = (amountMinor: bigint): string => money(formatAmount(amountMinor, event.currency));
  switch (event.type) {
    case 'Deposited':
      return sentence.Deposited(taker.account, text(taker.amount));
    case 'Withdrawn':
      return sentence.Withdrawn(giver.account, text(taker.amount));
    case 'Transferred':
      return sentence.Transferred(giver.account, text(taker.amount), taker.account);
    case 'EntryImported': {
      const customer = first.account.startsWith('external:') ? second : first;
      return sentence.EntryImported(customer.account, text(customer.amount), event.label);
    }
    case 'EntryReversed': {
      const customer = /^\d/.test(first.account) ? first : second;
      return sentence.EntryReversed(customer.account, text(customer.amount), event.reason);
    }
  }
}
