/** Compares the results of verifications with the journal's events of them, both ways, from the first such event's verification on. */
import type pg from 'pg';
import type { Recorded, VerificationEnded } from '../../../ledger/src/domain/events.ts';
import type { Differ, Row } from './difference.ts';
import { compareRow } from './difference.ts';
import { rowColumns, rowTextSql } from './verification-row.ts';

export interface VerificationComparison {
  /** Takes the journal's next events. */
  take(events: readonly Recorded[]): void;
  /** There is a result whose event was not taken yet: it is to be looked for up to the journal's end. */
  readonly lacks: boolean;
  /** Events after `position` need not have a row among those that were read. */
  end(position: number): void;
}

const table = 'audit.verifications';

/**
 * Reads the rows now; each that has a result has its event in the journal by now, since the event is written first. One
 * that says it was broken off may have none (its server was killed), and claims nothing. Rows before the first event's are
 * of a version that wrote none. Memory: a few hundred bytes a verification, which people begin.
 */
export async function compareVerifications(
  reader: Pick<pg.Pool, 'query'>,
  differ: Differ,
): Promise<VerificationComparison> {
  const { rows } = await reader.query<{ id: string; row: Row; has_result: boolean; is_ended_as_changed: boolean }>(
    `select id, ${rowTextSql} as row, ended_at is not null and failure is null as has_result,
       ended_at is not distinct from changed_at as is_ended_as_changed from ${table} order by id`,
  );
  const stored = new Map(rows.map((one) => [Number(one.id), one]));
  const events = new Map<number, { readonly event: VerificationEnded; readonly position: number }>();
  let first = Infinity;

  const lacking = (): readonly number[] =>
    [...stored].flatMap(([id, row]) => (row.has_result && id >= first && !events.has(id) ? [id] : []));

  return {
    take(recorded) {
      for (const { event, position } of recorded) {
        if (event.type !== 'VerificationEnded' || events.has(event.verification)) continue;
        events.set(event.verification, { event, position });
        first = Math.min(first, event.verification);
      }
    },
    get lacks() {
      return lacking().length > 0;
    },
    end(until) {
      for (const [id, { event, position }] of events) {
        const found = stored.get(id);
        if (found === undefined && position > until) continue;
        const key = String(id);
        const expected: Row = { ...event.row, differences: event.differencesHash };
        const columns = Object.fromEntries(rowColumns.map((column) => [column, expected[column] ?? null]));
        compareRow(differ, { table, key }, columns, found?.row);
        if (found === undefined || found.is_ended_as_changed) continue;
        differ({ table, key, column: 'ended_at', journal: event.row['changed_at'] ?? '' });
      }
      for (const id of lacking()) differ({ table, key: String(id), readModel: 'has a result' });
    },
  };
}
