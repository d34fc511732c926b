/** Certificates for tests: a folder with an authority and the server's, and terminals' of any name. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pem } from '../../../operations/src/certificates/authority.ts';
import { issueClient, makeAuthority } from '../../../operations/src/certificates/authority.ts';
import { ensureCertificates } from '../../../operations/src/certificates/ensure.ts';
import type { ClientUnit } from '../../../operations/src/certificates/terminals.ts';
import { addTerminal } from '../../../operations/src/certificates/terminals.ts';

export type Authority = {
  readonly certsDir: string;
  readonly ca: string;
  /** A terminal's certificate and key. */
  readonly terminal: (name: string) => Promise<Pem>;
  /** The same for one of the staff. */
  readonly staff: (name: string) => Promise<Pem>;
  /** The same, signed by nobody this server knows. */
  readonly stranger: (name: string) => Promise<Pem>;
};

export async function authority(certsDir: string, caDir = certsDir): Promise<Authority> {
  mkdirSync(certsDir, { recursive: true });
  await ensureCertificates(certsDir, Date.now(), { caDir });
  const read = (path: string): string => readFileSync(path, 'utf8');
  async function issue(name: string, unit: ClientUnit): Promise<Pem> {
    const folder = await addTerminal(caDir, name, 'password', Date.now(), unit);
    return { cert: read(join(folder, `${unit}.crt`)), key: read(join(folder, `${unit}.key`)) };
  }
  return {
    certsDir,
    ca: read(join(certsDir, 'ca.crt')),
    terminal: (name) => issue(name, 'terminal'),
    staff: (name) => issue(name, 'staff'),
    stranger: async (name) => issueClient(await makeAuthority(Date.now()), name, 'terminal', Date.now()),
  };
}
