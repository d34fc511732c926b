/** The archive of the bank's own write-ahead log: with it a backup can be brought to any later moment. */
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Data } from './data.ts';

/** Names the archive beside the data, so that no start leaves a gap in it. */
const markerFile = 'grand-livre.wal-archive';

/** What is written reaches the archive within five minutes, as a whole segment of 16 MiB: at most 4.5 GiB a day at rest. */
const archiveTimeout = '5min';

/** PostgreSQL's own module writes each segment beside, flushes it and then names it. Throws a `Failure`. */
export function archiveSettings(
  { dataDir, account }: Data,
  walArchive: string | undefined,
): Readonly<Record<string, string>> {
  const marker = join(dataDir, markerFile);
  if (walArchive === undefined) {
    if (!existsSync(marker)) return {};
    throw new Failure(
      `The write-ahead log of this bank is archived in ${readFileSync(marker, 'utf8')}: set WAL_ARCHIVE to that folder for every command, or remove ${marker} to end the archive.`,
    );
  }
  const folder = resolve(walArchive);
  try {
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (account !== undefined) chownSync(folder, account.uid, account.gid);
    }
  } catch {
    throw new Failure(`The folder ${folder} cannot be made: make it, or set WAL_ARCHIVE to another one.`);
  }
  writeFileSync(marker, folder, { mode: 0o644 });
  return {
    archive_mode: 'on',
    archive_library: 'basic_archive',
    archive_timeout: archiveTimeout,
    'basic_archive.archive_directory': folder,
  };
}

/** What was restored begins an archive of its own, or none. */
export function forgetArchive(dataDir: string): void {
  rmSync(join(dataDir, markerFile), { force: true });
}
