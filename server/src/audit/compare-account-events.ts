/** Compares which events the read model lists for an account beside its postings. */
import type pg from 'pg';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent, isWithoutAccount } from '../../../ledger/src/domain/events.ts';
import { countSurplus } from './count-surplus.ts';
import type { Differ } from './difference.ts';

export interface AccountEventComparison {
  compare(events: readonly Recorded[]): Promise<void>;
  /** Of accounts that were never opened; each other's are counted with the account. `unreadable` events may have rows, too. */
  findSurplus(position: number, unreadable: number): Promise<void>;
}

const table = 'account_events';

export function compareAccountEvents(reader: Pick<pg.Pool, 'query'>, differ: Differ): AccountEventComparison {
  let expected = 0;
  return {
    async compare(events) {
      const wanted = events.flatMap(({ position, event }) =>
        isMoneyEvent(event) || isWithoutAccount(event) ? [] : [{ account: event.account, position }],
      );
      if (wanted.length === 0) return;
      expected += wanted.length;
      const { rows } = await reader.query<{ account: string; position: string }>({
        name: 'verify_account_events',
        text: `select wanted.account, wanted.position from unnest($1::text[], $2::bigint[]) as wanted (account, position)
               where not exists (select from read.account_events x
                                 where x.account = wanted.account collate "C" and x.position = wanted.position)`,
        values: [wanted.map(({ account }) => account), wanted.map(({ position }) => position)],
      });
      for (const { account, position } of rows) {
        differ({ table, key: `${account} / ${position}`, account, journal: `position ${position}` });
      }
    },

    findSurplus: (position, unreadable) => countSurplus(reader, { table, expected, unreadable, position }, differ),
  };
}
