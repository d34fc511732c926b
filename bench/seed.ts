/** Fills a journal with open accounts, written by COPY as the bookkeeper would have written them. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { StoredEvent } from '../ledger/src/domain/codec.ts';
import { encode, schemaVersion } from '../ledger/src/domain/codec.ts';
import type { LedgerEvent } from '../ledger/src/domain/events.ts';
import { floorMinor } from './transfers.ts';

/** Accounts 1 to `accounts`, all of one customer whose key was destroyed. Gives the journal's head. */
export async function seedAccounts(databaseUrl: string, accounts: number): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await copyEvents(client, 1, opened(accounts));
  await client.query('analyze journal.events');
  await client.end();
  return accounts + 1;
}

function* opened(accounts: number): Generator<StoredEvent> {
  const stored = (event: LedgerEvent): StoredEvent =>
    encode(randomUUID(), event, {
      commandId: `import:${randomUUID()}`,
      requestHash: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ',
      actor: 'import:accounts.csv:1',
      terminal: 'import',
      recordedAt: '2026-01-01T00:00:00.000Z',
      valueDate: '2026-01-01',
      correlationId: randomUUID(),
      schemaVersion,
    });
  yield stored({ type: 'CustomerRegistered', customer: '1', keyId: randomUUID(), profile: 'destroyed' });
  for (let account = 1; account <= accounts; account++) {
    yield stored({
      type: 'AccountOpened',
      account: String(account),
      customer: '1',
      accountType: 'current',
      currency: 'EUR',
      floor: floorMinor,
    });
  }
}

/** Adds events at positions `first` …, as fast as PostgreSQL takes rows at all: one COPY, one commit. */
export async function copyEvents(client: pg.Client, first: number, events: Iterable<StoredEvent>): Promise<void> {
  const rows = client.query(copyFrom('copy journal.events (position, id, type, data, metadata) from stdin'));
  await pipeline(Readable.from(lines(first, events)), rows);
}

/** COPY's text format, in pieces large enough for a socket. */
function* lines(first: number, events: Iterable<StoredEvent>): Generator<string> {
  let position = first;
  let piece = '';
  for (const { id, type, data, metadata } of events) {
    piece += `${String(position++)}\t${id}\t${type}\t${escaped(data)}\t${escaped(metadata)}\n`;
    if (piece.length > 100_000) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\');
