/** Compares the read model's entries with what the journal's events say they are, said here a second time and not by the projector's own code. */
import { createHash } from 'node:crypto';
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

/** The positions a batch of events is of, the last included. */
type Range = { readonly from: number; readonly to: number };

/** Entries never change once they are there. What all of them are together is seldom another thing than it should be: then each is looked at. */
export async function compareEntries(
  reader: Pick<pg.Pool, 'query'>,
  { from, to }: Range,
  expected: readonly ExpectedEntry[],
  differ: Differ,
): Promise<void> {
  const reading = reader.query<{ digest: string | null }>({
    ...{ name: 'verify_entries', text: digestSql, values: [from, to] },
  });
  reading.catch(() => undefined);
  // The database reads meanwhile.
  const digest = digestOf(expected);
  const { rows } = await reading;
  if ((rows[0]?.digest ?? digestOf([])) !== digest) await compareEach(reader, expected, differ);
}

/** A text after its length in bytes, so that two different rows never have the same bytes. */
const textSql = (column: string): string =>
  `coalesce(int4send(octet_length(${column})) || textsend(${column}), '\\xffffffff')`;

/** The rows as PostgreSQL sends them in its binary protocol, which it makes in less than half the time of any text. */
const digestSql = `
  select encode(sha256(string_agg(
    int8send(position) || int2send(posting) || ${textSql('account')} || int8send(version) || ${textSql('type')}
      || timestamptz_send(recorded_at) || date_send(value_date) || int8send(amount) || int8send(balance)
      || ${textSql('counterparty')} || ${textSql('label')} || ${textSql('reference')},
    '' order by position, posting)), 'hex') as digest
  from read.entries where position between $1 and $2`;

/** PostgreSQL counts its days from 2000-01-01, and its instants in microseconds from there. */
const epochMs = Date.UTC(2000, 0, 1);
const msOfDay = 86_400_000;

/** SHA-256 of the same bytes. */
function digestOf(expected: readonly ExpectedEntry[]): string {
  const digest = createHash('sha256');
  let room = Buffer.alloc(roomBytes);
  let end = 0;
  const putText = (text: string | null): void => {
    if (text === null) {
      end = room.writeInt32BE(-1, end);
      return;
    }
    const bytes = room.write(text, end + 4);
    end = room.writeInt32BE(bytes, end) + bytes;
  };
  for (const entry of expected) {
    const { account, version, recorded, event, posting } = entry;
    const { position, metadata } = recorded;
    const { amount, balance } = event.postings[posting];
    const words = wordsOf(entry);
    const texts = [account, words.type, words.counterparty, words.label, words.reference];
    const needed = texts.reduce((sum, text) => sum + 3 * (text?.length ?? 0), fixedBytes);
    if (needed > room.length - end) {
      digest.update(room.subarray(0, end));
      end = 0;
      if (needed > room.length) room = Buffer.alloc(needed);
    }
    end = room.writeBigInt64BE(BigInt(position), end);
    end = room.writeInt16BE(posting, end);
    putText(account);
    end = room.writeBigInt64BE(BigInt(version), end);
    putText(words.type);
    end = room.writeBigInt64BE(BigInt(Date.parse(metadata.recordedAt) - epochMs) * 1_000n, end);
    end = room.writeInt32BE((Date.parse(metadata.valueDate) - epochMs) / msOfDay, end);
    end = room.writeBigInt64BE(amount, end);
    end = room.writeBigInt64BE(balance, end);
    for (const text of [words.counterparty, words.label, words.reference]) putText(text);
  }
  return digest.update(room.subarray(0, end)).digest('hex');
}

const roomBytes = 65_536;
/** Of an entry without its texts: numbers, and the lengths of five texts. */
const fixedBytes = 5 * 8 + 2 + 4 + 5 * 4;

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
  for (const entry of expected) {
    const key = keyOf(entry.account, entry.version);
    compareRow(differ, { table: 'entries', key, account: entry.account }, rowOf(entry), found.get(key));
  }
}
