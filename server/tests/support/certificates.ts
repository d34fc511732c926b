/** Certificates for tests: a folder with an authority and the server's, and terminals' of any name. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pem } from '../../../scripts/certs/authority.ts';
import { issueTerminal, makeAuthority } from '../../../scripts/certs/authority.ts';
import { ensureCertificates } from '../../../scripts/certs/ensure.ts';
import { addTerminal } from '../../../scripts/certs/terminals.ts';

export type Authority = {
  readonly certsDir: string;
  readonly ca: string;
  /** A terminal's certificate and key. */
  readonly terminal: (name: string) => Promise<Pem>;
  /** The same, signed by nobody this server knows. */
  readonly stranger: (name: string) => Promise<Pem>;
};

export async function authority(certsDir: string): Promise<Authority> {
  mkdirSync(certsDir, { recursive: true });
  await ensureCertificates(certsDir, Date.now());
  const read = (path: string): string => readFileSync(path, 'utf8');
  return {
    certsDir,
    ca: read(join(certsDir, 'ca.crt')),
    async terminal(name) {
      const folder = await addTerminal(certsDir, name, 'password', Date.now());
      return { cert: read(join(folder, 'terminal.crt')), key: read(join(folder, 'terminal.key')) };
    },
    stranger: async (name) => issueTerminal(await makeAuthority(Date.now()), name, Date.now()),
  };
}
