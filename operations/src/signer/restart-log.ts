/** What an operator decides when the signer has lost its memory: the log goes on from a checkpoint that somebody outside kept, or ends, and a new one begins. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type pg from 'pg';
import { Failure } from '../../../ledger/src/failure.ts';
import { openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { readPublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { readSigned, writeSigned } from './last-signed.ts';

/** Gives the checkpoint's size. The signer compares it with journal and tiles before it signs anything. Throws a `Failure`. */
export async function continueLog(key: SigningKey, signedFile: string, note: string): Promise<number> {
  const kept = openCheckpoint(note, key);
  if (kept === undefined) throw new Failure(`This is no checkpoint of ${key.name} under the key here.`);
  const remembered = openCheckpoint((await readSigned(signedFile)) ?? '', key);
  if (remembered !== undefined && remembered.size >= kept.size) {
    throw new Failure(`The signer remembers a checkpoint of ${String(remembered.size)} events already.`);
  }
  await writeSigned(signedFile, note);
  return kept.size;
}

/**
 * Gives the old log's name and size, undefined where there was none. The old log's checkpoints and proofs hold as ever;
 * its tiles leave the database. Throws a `Failure` where the new log has the old one's name: its witnesses would refuse
 * it, and rightly.
 */
export async function beginLog(
  owner: pg.ClientBase,
  key: SigningKey,
  signedFile: string,
): Promise<{ readonly origin: string; readonly size: number } | undefined> {
  const old = await readPublishedLog(owner);
  if (old?.origin === key.name) {
    throw new Failure(`A new log needs another name than ${key.name}: set LOG_ORIGIN, such as ${key.name}-2.`);
  }
  await mkdir(dirname(signedFile), { recursive: true, mode: 0o700 });
  await owner.query('truncate log.tiles, log.checkpoint');
  await rm(signedFile, { force: true });
  return old && { origin: old.origin, size: old.size };
}
