/** What compose prepares for signer and witness: they know each other's keys, and a second time nothing is made anew. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { vkeyOf } from '../../ledger/src/transparency/note.ts';
import { readPolicy } from '../../ledger/src/transparency/policy-file.ts';
import { prepareWitness } from '../src/compose/prepare-witness.ts';
import { readKeyOf } from '../src/signer/settings.ts';
import { readWitnessConfig } from '../src/witness/settings.ts';
import { readWitnessKey } from '../src/witness/witness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-prepared-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const owner = process.getuid?.() ?? 0;
const paths = () => ({ signerDir: join(folder, 'signer'), witnessDir: join(folder, 'witness') });
const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');

async function prepared(origin: string) {
  const { signerDir, witnessDir } = paths();
  const key = await readKeyOf({ LOG_ORIGIN: origin }, { stateDir: signerDir });
  await prepareWitness({ log: key, signerDir, witnessDir, owner });
  // The witness's settings as docker-compose.yml gives them.
  const name = /WITNESS_NAME: (\S+)/.exec(compose)?.[1];
  const config = readWitnessConfig({ WITNESS_NAME: name, WITNESS_LOGS_FILE: join(witnessDir, 'logs') });
  const policy = readPolicy({ policyFile: undefined, stateDir: signerDir });
  return { config, policy, log: vkeyOf(key), witness: vkeyOf(await readWitnessKey(witnessDir, config.name)) };
}

test('each knows the other’s key', async () => {
  const { config, policy, log, witness } = await prepared('bank.example/log');
  expect(config.logs.map(vkeyOf)).toEqual([log]);
  expect(policy?.witnesses.map(({ key, url }) => [vkeyOf(key), url])).toEqual([[witness, 'http://witness:5010']]);
  expect(policy?.isEnough(new Set())).toBe(false);
  expect(policy?.isEnough(new Set([config.name]))).toBe(true);
});

test('a second time keys stay, a policy that was changed stays, and a log of another name is told to the witness', async () => {
  const first = await prepared('bank.example/log');
  const policyFile = join(paths().signerDir, 'log-policy');
  writeFileSync(policyFile, `${readFileSync(policyFile, 'utf8')}# changed\n`);
  const again = await prepared('bank.example/log-2');
  expect(again.witness).toBe(first.witness);
  expect(again.log.split('+')[2]).toBe(first.log.split('+')[2]);
  expect(again.config.logs.map(vkeyOf)).toEqual([again.log]);
  expect(readFileSync(policyFile, 'utf8')).toContain('# changed');
});
