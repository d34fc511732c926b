/** The witness's configuration: its name, the logs it cosigns, where it keeps its key and what it cosigned, and where it listens. */
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { oneOf, readSettings, root } from '../../../ledger/src/configuration.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { isKeyName, parseVkey, signatureTypes } from '../../../ledger/src/transparency/note.ts';

const witnessSettings = z.object({
  WITNESS_NAME: z
    .string()
    .refine(isKeyName, {
      error: ({ input }) =>
        `WITNESS_NAME is "${String(input)}", but must be a name without spaces and "+", such as witness.example/w1.`,
    })
    .default('localhost:5010/witness'),
  WITNESS_LOGS: z.string().default(''),
  WITNESS_DIR: z.string().default(join(root, 'var', 'witness')),
  WITNESS_HOST: z.string().default('localhost'),
  WITNESS_PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535, {
      error: ({ input }) => `WITNESS_PORT is "${String(input)}", but must be a whole number from 1 to 65535.`,
    })
    .default('5010')
    .transform(Number),
  LOG_LEVEL: oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export type WitnessConfig = {
  readonly name: string;
  readonly logs: readonly VerifierKey[];
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
};

/** Throws `Failure`. */
export function readWitnessConfig(env: NodeJS.ProcessEnv): WitnessConfig {
  const settings = readSettings(witnessSettings, env);
  return {
    name: settings.WITNESS_NAME,
    logs: logsOf(settings.WITNESS_LOGS),
    dir: resolve(settings.WITNESS_DIR),
    host: settings.WITNESS_HOST,
    port: settings.WITNESS_PORT,
    logLevel: settings.LOG_LEVEL,
  };
}

/** Throws `Failure`. */
function logsOf(text: string): readonly VerifierKey[] {
  const logs: VerifierKey[] = [];
  for (const vkey of text.split(/\s+/).filter((word) => word !== '')) {
    const key = parseVkey(vkey);
    if (key?.type !== signatureTypes.note) throw new Failure(`WITNESS_LOGS has "${vkey}", which is no log’s key.`);
    // A log with two keys would have two histories that this witness takes for one.
    if (logs.some(({ name }) => name === key.name)) throw new Failure(`WITNESS_LOGS names ${key.name} twice.`);
    logs.push(key);
  }
  return logs;
}
