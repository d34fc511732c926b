/** The signer's process: makes its key, ends in order, and survives being killed between signing and publishing. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { parseVkey, signingKey, vkeyOf } from '../../ledger/src/transparency/note.ts';
import type { SignedJournal } from './signed-journal.ts';
import { signedJournal } from './signed-journal.ts';

let bank: SignedJournal;
let witness: Server;
const children: ChildProcess[] = [];
beforeEach(async () => {
  bank = await signedJournal();
  // Takes every question and answers none.
  witness = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(witness, 'listening');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  witness.closeAllConnections();
  witness.close();
  await bank.close();
});

function start(env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = fork(fileURLToPath(new URL('../src/signer/main.ts', import.meta.url)), {
    env: { SIGNER_DATABASE_URL: bank.database.logIns.signer, STATE_DIR: bank.stateDir, LOG_LEVEL: 'warn', ...env },
    execArgv: process.execArgv,
    silent: true,
  });
  children.push(child);
  return child;
}

async function end(child: ChildProcess): Promise<unknown> {
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [unknown];
  return code;
}

const published = () => bank.published();
const sizeIn = async (text: string): Promise<number | undefined> => {
  const key = parseVkey((await published())?.vkey ?? '');
  return key && openCheckpoint(text, key)?.size;
};

test('makes its key for itself alone, signs under it again, and ends when told', async () => {
  await bank.append(5);
  const first = start();
  await expect.poll(async () => (await published())?.size).toBe(5);
  expect(await end(first)).toBe(0);
  const keyFile = join(bank.stateDir, 'secrets', 'log-signing.key');
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(statSync(bank.signedFile).mode & 0o777).toBe(0o600);
  const secret = readFileSync(keyFile, 'utf8').trim();
  expect(await published()).toMatchObject({ vkey: expect.stringContaining('localhost:5001/log+') as unknown });
  const { rows } = await bank.owner.query('select * from log.checkpoint');
  expect(JSON.stringify(rows)).not.toContain(secret);
  await bank.append(5);
  const second = start();
  await expect.poll(async () => (await published())?.size).toBe(10);
  expect(await end(second)).toBe(0);
});

test('killed between signing and publishing, it goes on from what it signed', async () => {
  await bank.append(5);
  const port = String((witness.address() as AddressInfo).port);
  const policy = join(bank.stateDir, 'log-policy');
  const vkey = vkeyOf(signingKey('w', 0x04, Buffer.alloc(32, 3)));
  writeFileSync(policy, `witness w ${vkey} http://127.0.0.1:${port}\nquorum w\n`);
  const killed = start();
  await expect.poll(() => existsSync(bank.signedFile), { interval: 20 }).toBe(true);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const signed = readFileSync(bank.signedFile, 'utf8');
  expect((await published())?.size).toBe(0);
  expect(await sizeIn(signed)).toBe(5);
  // The one who went away had not told anybody: the journal may have grown meanwhile.
  await bank.append(3);
  start();
  await expect.poll(async () => (await published())?.size).toBe(8);
  expect(await sizeIn((await published())?.note ?? '')).toBe(8);
  expect((await published())?.cosigned).toBeUndefined();
});

test('with a policy that cannot be read it says which line', async () => {
  writeFileSync(join(bank.stateDir, 'log-policy'), 'quorum w\n');
  const child = start();
  const said: string[] = [];
  child.stderr?.on('data', (text: Buffer) => said.push(text.toString()));
  await once(child, 'exit');
  expect(said.join('')).toMatch(/log-policy, line 1: "w" is not defined above/);
});
