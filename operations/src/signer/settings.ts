/** The signer's configuration: where its key and its memory are, and what the log is called. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Configuration } from '../../../ledger/src/configuration.ts';
import {
  commonSettings,
  configurationFrom,
  databaseUrlSetting,
  readSettings,
  withDatabase,
} from '../../../ledger/src/configuration.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { base64, isKeyName, signatureTypes, signingKey } from '../../../ledger/src/transparency/note.ts';
import { makeSecretFile } from '../../../ledger/src/vault/secret-file.ts';

const databaseUrlName = 'SIGNER_DATABASE_URL';
const seedBytes = 32;

const originSetting = z
  .string()
  .refine(isKeyName, {
    error: ({ input }) =>
      `LOG_ORIGIN is "${String(input)}", but must be a name without spaces and "+", such as bank.example/log.`,
  })
  .default('localhost:5001/log');

const keySettings = z.object({ LOG_ORIGIN: originSetting, LOG_SIGNING_KEY: z.string().optional() });

const signerSettings = commonSettings.extend({
  ...keySettings.shape,
  [databaseUrlName]: databaseUrlSetting(databaseUrlName),
  LOG_POLICY: z.string().optional(),
});

export type SignerConfig = Configuration & {
  readonly databaseUrl: string;
  readonly origin: string;
  /** The seed in base64, where it is not in a file. */
  readonly signingKey: string | undefined;
  readonly policyFile: string | undefined;
};

/** Throws `Failure`. */
export function readSignerConfig(env: NodeJS.ProcessEnv): SignerConfig {
  const settings = readSettings(signerSettings, env);
  return {
    ...withDatabase(configurationFrom(settings), databaseUrlName, settings[databaseUrlName]),
    origin: settings.LOG_ORIGIN,
    signingKey: settings.LOG_SIGNING_KEY,
    policyFile: settings.LOG_POLICY,
  };
}

/** Made at the first start, unless it was given. Throws `Failure`. */
export async function readKey({
  origin,
  signingKey: given,
  stateDir,
}: Pick<SignerConfig, 'origin' | 'signingKey' | 'stateDir'>): Promise<SigningKey> {
  const seed = given === undefined ? await makeSecretFile(join(stateDir, 'secrets', 'log-signing.key')) : base64(given);
  if (seed?.length !== seedBytes) throw new Failure('LOG_SIGNING_KEY does not hold 32 bytes in base64.');
  return signingKey(origin, signatureTypes.note, seed);
}

/** The same key, for a command that signs nothing. Throws `Failure`. */
export function readKeyOf(env: NodeJS.ProcessEnv, { stateDir }: Pick<SignerConfig, 'stateDir'>): Promise<SigningKey> {
  const settings = readSettings(keySettings, env);
  return readKey({ origin: settings.LOG_ORIGIN, signingKey: settings.LOG_SIGNING_KEY, stateDir });
}

/** Not among the secrets, which a backup brings back: what was signed since is remembered, or known to be missing. */
export const signedFileOf = ({ stateDir }: Pick<SignerConfig, 'stateDir'>): string => join(stateDir, 'log-last-signed');
