/** A base backup through PostgreSQL's replication protocol: what pg_basebackup does, whichever tools this machine has. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import pg from 'pg';
import type { Connection, Submittable } from 'pg';

/** https://www.postgresql.org/docs/18/protocol-replication.html, BASE_BACKUP; the log that the copy needs comes with it. */
const command = `BASE_BACKUP (LABEL 'grand-livre', CHECKPOINT 'fast', WAL true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')`;

export type LogPosition = { readonly lsn: string; readonly timeline: number };
export type BaseBackup = { readonly start: LogPosition; readonly end: LogPosition };

export const baseFiles = { data: 'base.tar.gz', manifest: 'backup_manifest' } as const;

export type BaseBackupOptions = {
  /** Of a role that may replicate. */
  readonly databaseUrl: string;
  readonly folder: string;
  /** Told how many bytes of the database have been read. */
  readonly onBytes: (bytes: number) => void;
};

export async function takeBaseBackup({ databaseUrl, folder, onBytes }: BaseBackupOptions): Promise<BaseBackup> {
  const client = new pg.Client({ connectionString: databaseUrl, replication: 'true' } as pg.ClientConfig);
  // A lost connection is met by the command under way.
  client.on('error', () => undefined);
  await client.connect();
  const reply = new Reply(onBytes);
  const create = (name: string): ReturnType<typeof createWriteStream> =>
    createWriteStream(join(folder, name), { flags: 'wx', mode: 0o600, flush: true });
  const written = Promise.all([
    pipeline(reply.data, createGzip({ level: constants.Z_BEST_SPEED }), create(baseFiles.data)),
    pipeline(reply.manifest, create(baseFiles.manifest)),
  ]).catch((error: unknown) => {
    reply.fail(error);
  });
  try {
    client.query(reply);
    const positions = await reply.ended;
    await written;
    const [start, end] = [positions.at(0), positions.at(-1)];
    if (start === undefined || end === undefined || positions.length < 2) throw new Error('the backup has no end');
    return { start, end };
  } finally {
    await client.end().catch(() => undefined);
  }
}

type Message = { readonly chunk: Buffer };
type Row = { readonly fields: readonly (string | null)[] };

/** What comes back: rows with the positions, and between them the copy's own messages, told apart by their first byte. */
class Reply implements Submittable {
  readonly data = new PassThrough();
  readonly manifest = new PassThrough();
  readonly ended: Promise<readonly LogPosition[]>;
  readonly #settle = Promise.withResolvers<readonly LogPosition[]>();
  readonly #onBytes: (bytes: number) => void;
  readonly #positions: LogPosition[] = [];
  #target = this.data;
  #archives = 0;
  #bytes = 0;

  constructor(onBytes: (bytes: number) => void) {
    this.#onBytes = onBytes;
    this.ended = this.#settle.promise;
    this.ended.catch(() => undefined);
  }

  submit(connection: Connection): void {
    connection.query(command);
  }

  fail(error: unknown): void {
    this.#settle.reject(error);
    for (const stream of [this.data, this.manifest]) stream.destroy();
  }

  handleCopyData({ chunk }: Message, connection: Connection): void {
    const [kind] = chunk.toString('latin1', 0, 1);
    if (kind === 'n') {
      this.#archives += 1;
      if (this.#archives > 1) this.fail(new Error('the database has tablespaces of its own, which are not supported'));
    } else if (kind === 'm') {
      this.#target = this.manifest;
    } else if (kind === 'd' && !this.#target.destroyed) {
      this.#bytes += chunk.length - 1;
      this.#onBytes(this.#bytes);
      this.#write(chunk, connection);
    }
  }

  #write(chunk: Buffer, { stream }: Connection): void {
    const target = this.#target;
    // A copy: the chunk is a part of the buffer that the next messages are read into.
    if (target.write(Buffer.from(chunk.subarray(1))) || target.listenerCount('drain') > 0) return;
    stream.pause();
    target.once('drain', () => {
      stream.resume();
    });
  }

  handleDataRow({ fields: [lsn, timeline] }: Row): void {
    if (typeof lsn === 'string' && /^[0-9A-F]+\/[0-9A-F]+$/.test(lsn)) {
      this.#positions.push({ lsn, timeline: Number(timeline) });
    }
  }

  handleReadyForQuery(): void {
    this.data.end();
    this.manifest.end();
    this.#settle.resolve(this.#positions);
  }

  handleError(error: unknown): void {
    this.fail(error);
  }

  handleRowDescription(): void {
    // Which rows hold positions shows in the rows.
  }

  handleCommandComplete(): void {
    // Several results follow each other; the server says when it is ready for another command.
  }
}
