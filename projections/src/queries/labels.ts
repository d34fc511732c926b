/** The words an entry carries on a customer's statement, in the customers' language. */
import type { AccountId } from '../../../ledger/src/domain/events.ts';
import type { Entry } from '../read-model.ts';

export function labelOf(
  type: Entry['type'],
  counterparty: AccountId | undefined,
  ownLabel: string | undefined,
): string {
  switch (type) {
    case 'deposit':
      return 'Dépôt';
    case 'withdrawal':
      return 'Retrait';
    case 'transfer_in':
      return `Virement de ${counterparty ?? '?'}`;
    case 'transfer_out':
      return `Virement vers ${counterparty ?? '?'}`;
    case 'imported':
      return ownLabel ?? '';
    case 'reversal':
      return 'Contre-passation';
  }
}
