/** The secrets that are kept outside the database: without them a copy of it tells nothing about people or PINs. */
import { join } from 'node:path';
import { masterKeyPath, secretFile } from '../../ledger/src/vault/secret-file.ts';

export type Secrets = {
  /** Wraps every customer's own key. */
  readonly masterKey: Buffer;
  /** Goes into every PIN verifier. */
  readonly pinKey: Buffer;
  /** Keys the hashes of requests' bodies. */
  readonly requestKey: Buffer;
};

/** Reads them, making what is missing. Throws an `Error` with one clear sentence. */
export async function loadSecrets(stateDir: string): Promise<Secrets> {
  return {
    masterKey: await secretFile(masterKeyPath(stateDir)),
    pinKey: await secretFile(join(stateDir, 'secrets', 'pin.key')),
    requestKey: await secretFile(join(stateDir, 'secrets', 'request.key')),
  };
}
