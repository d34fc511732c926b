/** Compares the read model's entries with what the journal's events say they are, said here a second time and not by the projector's own code. */
import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import type { AccountId, MoneyEvent, Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Differ, Row } from './difference.ts';
import { compareRow, instantSql, instantText, moneyText } from './difference.ts';

type ExpectedEntry = {
  readonly account: AccountId;
  readonly version: number;
  readonly recorded: Recorded;
  readonly event: MoneyEvent;
  /** Which of the event's. */
  readonly posting: 0 | 1;
};

const typeOf: Readonly<Record<MoneyEvent['type'], (amount: bigint) => string>> = {
  Deposited: () => 'deposit',
  Withdrawn: () => 'withdrawal',
  Transferred: (amount) => (amount < 0n ? 'transfer_out' : 'transfer_in'),
  EntryImported: () => 'imported',
  EntryReversed: () => 'reversal',
};

/** PostgreSQL's text has no place for a zero character. */
const storable = (text: string | undefined): string | null => text?.replaceAll('\0', '') ?? null;

export function expectedEntries(recorded: Recorded): readonly ExpectedEntry[] {
  const { event } = recorded;
  if (!isMoneyEvent(event)) return [];
  const { postings } = event;
  return ([0, 1] as const).map((posting) => {
    const { account, version } = postings[posting];
    return { account, version, recorded, event, posting };
  });
}

/** What the event says of the entry beyond its amounts and times. */
function wordsOf({ event, posting }: ExpectedEntry) {
  return {
    type: typeOf[event.type](event.postings[posting].amount),
    counterparty: event.type === 'Transferred' ? event.postings[posting === 0 ? 1 : 0].account : null,
    label: event.type === 'EntryImported' ? storable(event.label) : null,
    reference: event.type === 'Transferred' ? storable(event.reference) : null,
  };
}

function rowOf(entry: ExpectedEntry): Row {
  const { recorded, event, posting } = entry;
  const { type, ...words } = wordsOf(entry);
  const { amount, balance } = event.postings[posting];
  return {
    position: String(recorded.position),
    posting: String(posting),
    type,
    recorded_at: instantText(recorded.metadata.recordedAt),
    value_date: recorded.metadata.valueDate,
    amount: moneyText(amount),
    balance: moneyText(balance),
    ...words,
  };
}

/** Entries never change once they are there. What all of them are together is seldom another thing than it should be: then each is looked at. */
export async function compareEntries(
  reader: Pick<pg.Pool, 'query'>,
  expected: readonly ExpectedEntry[],
  differ: Differ,
): Promise<void> {
  if (expected.length === 0) return;
  const values = [expected.map(({ account }) => account), expected.map(({ version }) => version)];
  const reading = reader.query<{ digest: string | null }>({ name: 'verify_entries', text: digestSql, values });
  reading.catch(() => undefined);
  // Once the statement is sent: the database reads meanwhile.
  await setImmediate();
  const digest = digestOf(expected);
  const { rows } = await reading;
  if (rows[0]?.digest !== digest) await compareEach(reader, expected, differ);
}

const wantedSql = `
  unnest($1::text[], $2::bigint[]) with ordinality as wanted (account, version, n)
    join read.entries e on e.account = wanted.account collate "C" and e.version = wanted.version`;

/** A text after its length in bytes, so that two different rows have different lines. */
const textSql = (column: string): string => `coalesce(octet_length(${column}) || ':' || ${column}, '-')`;
const textOf = (text: string | null): string => (text === null ? '-' : `${String(Buffer.byteLength(text))}:${text}`);

const digestSql = `
  select encode(sha256(convert_to(string_agg(concat_ws(' ', position, posting, ${textSql('type')},
           extract(epoch from recorded_at), value_date, amount, balance,
           ${textSql('counterparty')}, ${textSql('label')}, ${textSql('reference')}), E'\\n' order by n), 'UTF8')), 'hex') as digest
  from ${wantedSql}`;

/** SHA-256 of a line for each, as PostgreSQL makes it of the rows. */
function digestOf(expected: readonly ExpectedEntry[]): string {
  const lines = expected.map((entry) => {
    const { recorded, event, posting } = entry;
    const { type, counterparty, label, reference } = wordsOf(entry);
    const { amount, balance } = event.postings[posting];
    return [
      ...[recorded.position, posting, textOf(type), epochText(recorded.metadata.recordedAt)],
      ...[recorded.metadata.valueDate, amount, balance, textOf(counterparty), textOf(label), textOf(reference)],
    ].join(' ');
  });
  return hash('sha256', lines.join('\n'));
}

/** Seconds since 1970, to the microsecond, as PostgreSQL's `extract(epoch …)` says them. */
function epochText(iso: string): string {
  const ms = Date.parse(iso);
  const [seconds, rest] = [Math.trunc(ms / 1_000), Math.abs(ms % 1_000)];
  return `${ms < 0 && seconds === 0 ? '-0' : String(seconds)}.${String(rest).padStart(3, '0')}000`;
}

type StoredEntry = Record<string, string | null> & {
  account: string;
  version: string;
  amount: string;
  balance: string;
};

const keyOf = (account: string, version: string | number): string => `${account} / ${String(version)}`;

async function compareEach(
  reader: Pick<pg.Pool, 'query'>,
  expected: readonly ExpectedEntry[],
  differ: Differ,
): Promise<void> {
  const { rows } = await reader.query<StoredEntry>({
    name: 'verify_each_entry',
    text: `select e.account, e.version, position, posting::text, type, ${instantSql('recorded_at')} as recorded_at,
                  value_date::text, amount, balance, counterparty, label, reference
           from ${wantedSql}`,
    values: [expected.map(({ account }) => account), expected.map(({ version }) => version)],
  });
  const found = new Map(
    rows.map((row) => {
      const { account, version, amount, balance } = row;
      return [keyOf(account, version), { ...row, amount: moneyText(amount), balance: moneyText(balance) }];
    }),
  );
  for (const entry of expected) {
    const key = keyOf(entry.account, entry.version);
    compareRow(differ, { table: 'entries', key, account: entry.account }, rowOf(entry), found.get(key));
  }
}
