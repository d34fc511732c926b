/** Compares the read model's entries with what the journal's events say they are, said here a second time and not by the projector's own code. */
import type pg from 'pg';
import type { AccountId, MoneyEvent, Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Differ } from './difference.ts';

type ExpectedEntry = {
  readonly account: AccountId;
  readonly version: number;
  readonly entryId: string;
  /** In one line, as the read model's row is. */
  readonly text: string;
};

const typeOf: Readonly<Record<MoneyEvent['type'], (amount: bigint) => string>> = {
  Deposited: () => 'deposit',
  Withdrawn: () => 'withdrawal',
  Transferred: (amount) => (amount < 0n ? 'transfer_out' : 'transfer_in'),
  EntryImported: () => 'imported',
  EntryReversed: () => 'reversal',
};

export function expectedEntries({ position, event, metadata }: Recorded): readonly ExpectedEntry[] {
  if (!isMoneyEvent(event)) return [];
  return event.postings.map(({ account, version, amount, balance }, index) => {
    const entryId = `${String(position)}.${String(index)}`;
    const other = event.postings[1 - index]?.account;
    const text = lineOf([
      ...[
        typeOf[event.type](amount),
        String(amount),
        String(balance),
        metadata.valueDate,
        metadata.recordedAt,
        entryId,
      ],
      event.type === 'Transferred' ? other : undefined,
      event.type === 'EntryImported' ? event.label.replaceAll('\0', '') : undefined,
      event.type === 'Transferred' ? event.reference?.replaceAll('\0', '') : undefined,
    ]);
    return { account, version, entryId, text };
  });
}

type StoredEntry = {
  account: string;
  version: string;
  position: string;
  posting: number;
  type: string;
  recorded_at: Date;
  value_date: string;
  amount: string;
  balance: string;
  counterparty: string | null;
  label: string | null;
  reference: string | null;
};

const textOf = (row: StoredEntry): string =>
  lineOf([
    ...[row.type, row.amount, row.balance, row.value_date, row.recorded_at.toISOString()],
    ...[`${row.position}.${String(row.posting)}`, row.counterparty, row.label, row.reference],
  ]);

const lineOf = (fields: readonly (string | null | undefined)[]): string =>
  fields.map((field) => field ?? '').join(' · ');

const keyOf = (account: string, version: string | number): string => `${account}/${String(version)}`;

/** In one statement: entries never change once they are there. */
export async function compareEntries(
  reader: Pick<pg.Pool, 'query'>,
  expected: readonly ExpectedEntry[],
  differ: Differ,
): Promise<void> {
  if (expected.length === 0) return;
  const { rows } = await reader.query<StoredEntry>({
    name: 'verify_entries',
    text: `select e.account, e.version, position, posting, type, recorded_at, value_date::text, amount, balance,
                  counterparty, label, reference
           from unnest($1::text[], $2::bigint[]) as wanted (account, version)
             join read.entries e on e.account = wanted.account collate "C" and e.version = wanted.version`,
    values: [expected.map(({ account }) => account), expected.map(({ version }) => version)],
  });
  const found = new Map(rows.map((row) => [keyOf(row.account, row.version), textOf(row)]));
  for (const { account, version, entryId, text: journal } of expected) {
    const readModel = found.get(keyOf(account, version));
    if (journal === readModel) continue;
    differ({ what: 'entry', account, entryId, journal, ...(readModel !== undefined && { readModel }) });
  }
}
