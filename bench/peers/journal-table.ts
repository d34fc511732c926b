/** Peers on the bank's own journal table: one commit a row, and COPY, which is as fast as PostgreSQL takes rows at all. */
import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '../../ledger/src/domain/codec.ts';
import { encode, schemaVersion } from '../../ledger/src/domain/codec.ts';
import type { Candidate } from '../benchmark.ts';
import { copyRow, copyRows } from '../copy.ts';
import { ownerPool } from '../databases.ts';
import type { Round } from '../load.ts';
import { closedLoop } from '../load.ts';
import type { NextPair } from '../transfers.ts';
import { submissionOf } from '../transfers.ts';

/** Made beforehand and used again and again: neither peer pays for making its rows. */
const differentRows = 10_000;
const copyBatch = 20_000;

export type JournalTable = {
  readonly oneRowCommits: Candidate;
  readonly copy: Candidate;
  readonly stop: () => Promise<void>;
};

/** On an empty journal. */
export async function journalTable(databaseUrl: string, next: NextPair): Promise<JournalTable> {
  const events = Array.from({ length: differentRows }, () => transferred(next));
  const rows = events.map(copyRow);
  const pool = ownerPool(databaseUrl, 16);
  // To the peers' advantage: PostgreSQL lets commits that notify somebody pass only one at a time.
  await pool.query('alter table journal.events disable trigger wake_followers');
  let head = 0;

  async function insertOne(): Promise<void> {
    const position = ++head;
    const event = events[position % differentRows];
    await pool.query({
      name: 'insert_one',
      text: 'insert into journal.events (position, id, type, data, metadata) values ($1, $2, $3, $4, $5)',
      values: [position, event?.id, event?.type, event?.data, event?.metadata],
    });
  }

  async function copyFor(forMs: number): Promise<Round> {
    const client = await pool.connect();
    const start = performance.now();
    const before = head;
    while (performance.now() - start < forMs) {
      await copyRows(client, head + 1, repeated(rows, copyBatch));
      head += copyBatch;
    }
    client.release();
    return { perSecond: ((head - before) / (performance.now() - start)) * 1000 };
  }

  return {
    oneRowCommits: {
      name: 'one-row commits',
      callers: 16,
      round: (forMs) => closedLoop({ callers: 16, forMs, call: insertOne }),
    },
    copy: { name: 'COPY', callers: 1, round: copyFor },
    stop: () => pool.end(),
  };
}

function* repeated(rows: readonly string[], count: number): Generator<string> {
  for (let made = 0; made < count;) {
    for (const row of rows) {
      if (made++ === count) return;
      yield row;
    }
  }
}

/** An event as the bookkeeper writes it. */
function transferred(next: NextPair): StoredEvent {
  const { from, to } = next();
  const { commandId, requestHash, actor, terminal, correlationId } = submissionOf({ from, to });
  const recordedAt = new Date().toISOString();
  const valueDate = recordedAt.slice(0, 10);
  return encode(
    randomUUID(),
    {
      type: 'Transferred',
      currency: 'EUR',
      postings: [
        { account: String(from), amount: -1n, version: 123, balance: -1234n },
        { account: String(to), amount: 1n, version: 123, balance: 1234n },
      ],
      reference: 'rent',
    },
    { commandId, requestHash, actor, terminal, recordedAt, valueDate, correlationId, schemaVersion },
  );
}
