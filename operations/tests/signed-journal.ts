/** A journal with a signer for tests: events of one's own, a key, and what is published of the log. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import type { StoredEvent } from '../../ledger/src/domain/codec.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { openCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { entryOf } from '../../ledger/src/transparency/entry.ts';
import type { PublishedLog } from '../../ledger/src/transparency/log-tables.ts';
import { readPublishedLog } from '../../ledger/src/transparency/log-tables.ts';
import { signingKey } from '../../ledger/src/transparency/note.ts';
import { emptyEdge, grow, rootOfEdge } from '../../ledger/src/transparency/tiles.ts';
import { leafHash } from '../../ledger/src/transparency/tree.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { signerConnection } from '../src/signer/connection.ts';
import type { SignerOptions } from '../src/signer/signer.ts';
import { runSigner } from '../src/signer/signer.ts';

export const logKey = signingKey('bank.example/log', 0x01, Buffer.alloc(32, 1));

const anEvent = (n: number): StoredEvent => ({
  id: randomUUID(),
  type: 'AccountFrozen',
  data: JSON.stringify({ account: String(n), reason: 'é' }),
  metadata: JSON.stringify({ commandId: randomUUID(), recordedAt: '2026-12-01T09:00:00.000Z' }),
});

export type RunningSigner = { readonly ended: Promise<unknown>; stop(): Promise<unknown> };

export type SignedJournal = {
  readonly database: TestDatabase;
  readonly stateDir: string;
  readonly signedFile: string;
  readonly owner: pg.Pool;
  readonly journal: Journal;
  append(count: number): Promise<void>;
  /** As whoever owns the database can: with every trigger off. */
  tamper(sql: string): Promise<void>;
  start(options?: Partial<SignerOptions>): RunningSigner;
  published(): Promise<PublishedLog | undefined>;
  /** What the root should be, computed from the journal alone. */
  rootAt(size: number): Promise<Buffer>;
  close(): Promise<void>;
};

export async function signedJournal(): Promise<SignedJournal> {
  const database = await createDatabase();
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-signer-'));
  const signedFile = join(stateDir, 'log-last-signed');
  const owner = new pg.Pool({ connectionString: database.url });
  const readers = new pg.Pool({ ...signerConnection(database.logIns.signer), max: 4 });
  for (const pool of [owner, readers]) pool.on('error', () => undefined);
  const eventLog = { eventLogUrl: undefined, ledger: 'main' };
  const journal = openJournal(eventLog, owner);
  const running: RunningSigner[] = [];
  return {
    ...{ database, stateDir, signedFile, owner, journal },
    async append(count) {
      const head = await journal.head();
      const events = Array.from({ length: count }, (_, n) => anEvent(head + n + 1));
      for (let at = 0; at < count; at += 5_000)
        await journal.append(events.slice(at, at + 5_000), { after: head + at });
    },
    async tamper(sql) {
      const client = await owner.connect();
      await client.query(`set session_replication_role = 'replica'`);
      await client.query(sql).finally(() => {
        client.release(true);
      });
    },
    start(options = {}) {
      const end = new AbortController();
      const ended = runSigner({
        journal: openJournal(eventLog, readers),
        connection: () => new pg.Client(signerConnection(database.logIns.signer)),
        ...{ key: logKey, signedFile, log: pino({ enabled: false }), signal: end.signal },
        cosign: (_client, note) => Promise.resolve({ note, isEnough: false }),
        ...options,
      }).catch((error: unknown) => error);
      const one = {
        ended,
        stop: () => {
          end.abort();
          return ended;
        },
      };
      running.push(one);
      return one;
    },
    published: () => readPublishedLog(owner),
    async rootAt(size) {
      const events = await journal.read({ from: 1, limit: size });
      return rootOfEdge(
        grow(
          emptyEdge,
          events.map((event) => leafHash(entryOf(event))),
        ).edge,
      );
    },
    async close() {
      await Promise.all(running.map((one) => one.stop()));
      await readers.end();
      await owner.end();
      await database.drop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** What a published note says, once its signature holds. */
export const opened = (note: string | null | undefined) => openCheckpoint(note ?? '', logKey);
