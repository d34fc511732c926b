/** Compares the read model's entries with what the journal's events say they are, said here a second time and not by the projector's own code. */
import type pg from 'pg';
import type { AccountId, MoneyEvent, Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Differ, Row } from './difference.ts';
import { compareRow, instantSql, instantText, moneyText } from './difference.ts';

type ExpectedEntry = { readonly account: AccountId; readonly version: number; readonly row: Row };

const typeOf: Readonly<Record<MoneyEvent['type'], (amount: bigint) => string>> = {
  Deposited: () => 'deposit',
  Withdrawn: () => 'withdrawal',
  Transferred: (amount) => (amount < 0n ? 'transfer_out' : 'transfer_in'),
  EntryImported: () => 'imported',
  EntryReversed: () => 'reversal',
};

/** PostgreSQL's text has no place for a zero character. */
const storable = (text: string | undefined): string | null => text?.replaceAll('\0', '') ?? null;

export function expectedEntries({ position, event, metadata }: Recorded): readonly ExpectedEntry[] {
  if (!isMoneyEvent(event)) return [];
  return event.postings.map(({ account, version, amount, balance }, posting) => ({
    ...{ account, version },
    row: {
      position: String(position),
      posting: String(posting),
      type: typeOf[event.type](amount),
      recorded_at: instantText(metadata.recordedAt),
      value_date: metadata.valueDate,
      amount: moneyText(amount),
      balance: moneyText(balance),
      counterparty: event.type === 'Transferred' ? (event.postings[1 - posting]?.account ?? null) : null,
      label: event.type === 'EntryImported' ? storable(event.label) : null,
      reference: event.type === 'Transferred' ? storable(event.reference) : null,
    },
  }));
}

type StoredEntry = Record<string, string | null> & {
  account: string;
  version: string;
  amount: string;
  balance: string;
};

const keyOf = (account: string, version: string | number): string => `${account} / ${String(version)}`;

/** In one statement: entries never change once they are there. */
export async function compareEntries(
  reader: Pick<pg.Pool, 'query'>,
  expected: readonly ExpectedEntry[],
  differ: Differ,
): Promise<void> {
  if (expected.length === 0) return;
  const { rows } = await reader.query<StoredEntry>({
    name: 'verify_entries',
    text: `select e.account, e.version, position, posting::text, type, ${instantSql('recorded_at')} as recorded_at,
                  value_date::text, amount, balance, counterparty, label, reference
           from unnest($1::text[], $2::bigint[]) as wanted (account, version)
             join read.entries e on e.account = wanted.account collate "C" and e.version = wanted.version`,
    values: [expected.map(({ account }) => account), expected.map(({ version }) => version)],
  });
  const found = new Map(
    rows.map((row) => {
      const { account, version, amount, balance } = row;
      return [keyOf(account, version), { ...row, amount: moneyText(amount), balance: moneyText(balance) }];
    }),
  );
  for (const { account, version, row } of expected) {
    const key = keyOf(account, version);
    compareRow(differ, { table: 'entries', key, account }, row, found.get(key));
  }
}
