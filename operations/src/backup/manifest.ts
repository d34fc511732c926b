/** What a backup is of, and the digest of each of its files: written last, checked before anything is restored. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Failure } from '../../../ledger/src/failure.ts';

export const manifestFile = 'manifest.json';
export const secretsFile = 'secrets.sealed';

const logPosition = z.object({ lsn: z.string(), timeline: z.int().positive() });

const manifest = z.object({
  format: z.literal(1),
  /** Of the bank that it was taken of. */
  version: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  postgres: z.object({
    majorVersion: z.int().positive(),
    systemIdentifier: z.string(),
    /** `own`: the bank's own PostgreSQL; `given`: the one of DATABASE_URL. */
    server: z.enum(['own', 'given']),
    start: logPosition,
    end: logPosition,
  }),
  journal: z.object({
    store: z.enum(['postgresql', 'event log']),
    /** Everything up to here is in the backup: the head, or with an event log the read model's checkpoint, when it began. */
    positionBefore: z.int().nonnegative(),
    /** The same when it had ended: with the archived log, every position from here on can be restored. */
    positionAfter: z.int().nonnegative(),
  }),
  files: z.array(z.object({ name: z.string(), bytes: z.int().nonnegative(), sha256: z.string() })),
});

export type Manifest = z.output<typeof manifest>;
export type FileDigest = Manifest['files'][number];

export async function digestOf(folder: string, name: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, name)), hash);
  return { name, bytes: statSync(join(folder, name)).size, sha256: hash.digest('hex') };
}

/** Reads the manifest and every file that it names. Throws a `Failure` for what is missing or altered. */
export async function checkBackup(folder: string): Promise<Manifest> {
  let found: Manifest;
  try {
    found = manifest.parse(JSON.parse(readFileSync(join(folder, manifestFile), 'utf8')));
  } catch {
    throw new Failure(
      `${folder} is no backup of this bank's form: ${manifestFile} is missing or cannot be read. Name the folder of one backup.`,
    );
  }
  for (const { name, sha256 } of found.files) {
    const actual = await digestOf(folder, name).catch(() => undefined);
    if (actual?.sha256 === sha256) continue;
    const what = actual === undefined ? 'is missing or cannot be read' : 'is not what was written';
    throw new Failure(`The backup ${folder} is damaged: ${name} ${what}. Take another one.`);
  }
  return found;
}
