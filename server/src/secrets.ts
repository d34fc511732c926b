/** The secrets that are kept outside the database: without them a copy of it tells nothing about people or PINs. */
import { join } from 'node:path';
import type { MasterKeys } from '../../ledger/src/vault/master-keys.ts';
import { masterKeyFiles } from '../../ledger/src/vault/master-keys.ts';
import { makeSecretFile } from '../../ledger/src/vault/secret-file.ts';

export type Secrets = {
  /** Wrap every customer's own key. */
  readonly masterKeys: MasterKeys;
  /** Goes into every PIN verifier. */
  readonly pinKey: Buffer;
  /** Keys the hashes of requests' bodies. */
  readonly requestKey: Buffer;
};

/** Reads them, making what is missing. Throws an `Error` with one clear sentence. */
export async function loadSecrets(stateDir: string): Promise<Secrets> {
  return {
    masterKeys: masterKeyFiles(stateDir),
    pinKey: await makeSecretFile(join(stateDir, 'secrets', 'pin.key')),
    requestKey: await makeSecretFile(join(stateDir, 'secrets', 'request.key')),
  };
}
