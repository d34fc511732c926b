/** The secrets and certificates of a bank in one file, encrypted under a passphrase: what a copy of the database must not lie beside in clear. */
import { randomBytes, scrypt } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import { seal, unseal } from '../../../ledger/src/vault/seal.ts';

/** Where a bank keeps them. */
export type SecretFolders = { readonly secrets: string; readonly certs: string; readonly ca: string };

const secretFile = z.object({
  folder: z.enum(['secrets', 'certs', 'ca']),
  /** Begins with a letter or digit, in its folder as well: `..` leads out of it. */
  name: z.string().regex(/^\w[\w.-]*(?:\/\w[\w.-]*)?$/),
  content: z.base64(),
});
export type SecretFile = z.output<typeof secretFile>;

/** `digests`: of the other files of the backup, so that none of them can be exchanged without the passphrase. */
const content = z.object({ files: z.array(secretFile), digests: z.record(z.string(), z.string()) });
export type Sealed = z.output<typeof content>;

/** OWASP's first choice for scrypt (2^17, 8, 1): about half a second and 128 MiB for each guess. */
const cost = { N: 131_072, r: 8, p: 1 } as const;
const envelope = z.object({
  kdf: z.literal('scrypt'),
  N: z.literal(cost.N),
  r: z.literal(cost.r),
  p: z.literal(cost.p),
  salt: z.base64(),
  sealed: z.base64(),
});
const boundTo = 'grand-livre backup, format 1';

/** The certificates of terminals and staff, one folder deep, come with the authority. */
export function readSecretFiles({ secrets, certs, ca }: SecretFolders): readonly SecretFile[] {
  return [...filesIn(secrets, 'secrets'), ...filesIn(certs, 'certs'), ...(ca === certs ? [] : filesIn(ca, 'ca'))];
}

function filesIn(path: string, folder: SecretFile['folder'], within = ''): readonly SecretFile[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(path, within)).sort();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw new Failure(`The folder ${path} cannot be read: run this as the account that the bank runs as.`);
  }
  return names.flatMap((name) => {
    const relative = within === '' ? name : `${within}/${name}`;
    const found = lstatSync(join(path, relative));
    if (found.isDirectory() && within === '') return filesIn(path, folder, name);
    if (!found.isFile() || name.endsWith('.md') || name.startsWith('.')) return [];
    if (!secretFile.shape.name.safeParse(relative).success)
      throw new Failure(
        `${join(path, relative)} cannot be backed up under its name: rename it to Latin letters, digits, ".", "_" and "-", or move it elsewhere.`,
      );
    return [{ folder, name: relative, content: readFileSync(join(path, relative)).toString('base64') }];
  });
}

export async function sealSecrets(what: Sealed, passphrase: string): Promise<string> {
  const salt = randomBytes(16);
  const sealed = seal(await keyFrom(passphrase, salt), Buffer.from(JSON.stringify(what)), boundTo);
  const text = { kdf: 'scrypt', ...cost, salt: salt.toString('base64'), sealed: sealed.toString('base64') };
  return `${JSON.stringify(text)}\n`;
}

/** Throws a `Failure` for a wrong passphrase or an altered file. */
export async function openSecrets(text: string, passphrase: string): Promise<Sealed> {
  try {
    const { salt, sealed } = envelope.parse(JSON.parse(text));
    const key = await keyFrom(passphrase, Buffer.from(salt, 'base64'));
    return content.parse(JSON.parse(unseal(key, Buffer.from(sealed, 'base64'), boundTo).toString()));
  } catch {
    throw new Failure('The secrets of the backup do not open: the passphrase is another one, or the file was altered.');
  }
}

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
const keyFrom = (passphrase: string, salt: Buffer): Promise<Buffer> =>
  derive(passphrase.normalize('NFC'), salt, 32, { ...cost, maxmem: 256 * 1024 * 1024 });

/** Into folders of which none has such a file yet. */
export function writeSecretFiles(files: readonly SecretFile[], folders: SecretFolders): void {
  for (const { folder, name, content: text } of files) {
    const path = join(folders[folder], name);
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    const isPublic = /\.(?:crt|crl)$/.test(name);
    writeFileSync(path, Buffer.from(text, 'base64'), { flag: 'wx', mode: isPublic ? 0o644 : 0o600, flush: true });
  }
}
