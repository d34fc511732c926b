/** An event of the journal as one sentence. */
import { decode } from '../../../ledger/src/domain/codec.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import type { JournalEvent } from '../bank/calls.ts';
import type { Words } from './fr.ts';

export function sentenceOf(
  { position, id, type, stored }: JournalEvent,
  { sentence }: Words,
  money: (amount: string) => string,
  time: (iso: string) => string,
): string {
  const { event } = decode({ position, id, type, data: stored.data, metadata: stored.metadata });
  if (!isMoneyEvent(event)) {
    if (event.type === 'CustomerRegistered') return sentence.CustomerRegistered();
    if (event.type === 'CustomerErased') return sentence.CustomerErased(event.customer, event.reason);
    if (event.type === 'AccessLocked') return sentence.AccessLocked(event.account, time(event.until));
    if (event.type === 'AccountOpened' || event.type === 'PinChanged') return sentence[event.type](event.account);
    return sentence[event.type](event.account, event.reason);
  }
  const [first, second] = event.postings;
  const [giver, taker] = first.amount < 0n ? [first, second] : [second, first];
  const sum = (amountMinor: bigint): string => money(formatAmount(amountMinor, event.currency));
  switch (event.type) {
    case 'Deposited':
      return sentence.Deposited(taker.account, sum(taker.amount));
    case 'Withdrawn':
      return sentence.Withdrawn(giver.account, sum(taker.amount));
    case 'Transferred':
      return sentence.Transferred(giver.account, sum(taker.amount), taker.account);
    case 'EntryImported': {
      const customer = first.account.startsWith('external:') ? second : first;
      return sentence.EntryImported(customer.account, sum(customer.amount), event.label);
    }
    case 'EntryReversed': {
      const customer = /^\d/.test(first.account) ? first : second;
      return sentence.EntryReversed(customer.account, sum(customer.amount), event.reason);
    }
  }
}
