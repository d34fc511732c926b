/** The archive of a base backup: unpacked into a folder, or compared with the digests that PostgreSQL gave of its files. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Header } from 'tar-stream';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { baseFiles } from './base-backup.ts';

/** Each file and folder of the archive goes where `place` says. */
async function read(backup: string, place: (header: Header) => Writable): Promise<void> {
  const archive = extract();
  const reading = pipeline(createReadStream(join(backup, baseFiles.data)), createGunzip(), archive);
  const placing = (async () => {
    for await (const entry of archive) await pipeline(entry, place(entry.header));
  })();
  await Promise.all([reading, placing]);
}

const nowhere = (): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });

export async function unpackBase(backup: string, folder: string): Promise<void> {
  await read(backup, ({ name, type, mode }) => {
    const path = join(folder, normalize(name));
    if (!path.startsWith(join(folder, '/'))) throw new Error(`${name} leads out of the archive`);
    if (type === 'directory') {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return nowhere();
    }
    if (type !== 'file') throw new Error(`${name} is neither a file nor a folder`);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // PostgreSQL flushes the whole folder before it recovers.
    return createWriteStream(path, { flags: 'wx', mode });
  });
}

/** https://www.postgresql.org/docs/18/backup-manifest-format.html */
const backupManifest = z.object({
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Checksum: z.string(),
      'Checksum-Algorithm': z.literal('SHA256'),
    }),
  ),
});

/** What pg_verifybackup does. Throws where a file is missing or another than PostgreSQL read. */
export async function verifyBase(backup: string): Promise<void> {
  const manifest: unknown = JSON.parse(readFileSync(join(backup, baseFiles.manifest), 'utf8'));
  const expected = new Map(
    backupManifest
      .parse(manifest)
      .Files.map((file) => [
        file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString(),
        file.Checksum.toLowerCase(),
      ]),
  );
  await read(backup, ({ name, type }) => {
    const path = normalize(name);
    const checksum = expected.get(path);
    // The write-ahead log has no digests there: PostgreSQL checks each of its records when it reads them.
    if (type !== 'file' || checksum === undefined) return nowhere();
    const hash = createHash('sha256');
    return new Writable({
      write(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done();
      },
      final(done) {
        if (hash.digest('hex') === checksum) {
          expected.delete(path);
          done();
        } else done(new Error(`${name} is not what PostgreSQL read`));
      },
    });
  });
  const [missing] = expected.keys();
  if (missing !== undefined) throw new Error(`${missing} is missing in it`);
}
