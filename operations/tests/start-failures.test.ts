/** A start that cannot succeed says why in a sentence, ends with a failure, and leaves nothing running. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BankFolder } from './start.suite.ts';
import { freePort } from '../src/free-port.ts';
import { newBankFolder, processesIn } from './start.suite.ts';

let bankFolder: BankFolder;
beforeEach(async () => {
  bankFolder = await newBankFolder();
});
afterEach(() => bankFolder.clear());

async function failure(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const bank = bankFolder.start({ env });
  expect(await bank.ended).toBe(1);
  expect(processesIn(bankFolder.folder)).toEqual([]);
  const said = bank.said().replace('Starting PostgreSQL …\n', '').trim();
  expect(said, 'one line, no stack').not.toContain('\n');
  return said;
}

test('a port that is taken', async () => {
  const server = createServer().listen(Number(bankFolder.env['PORT']), 'localhost');
  await once(server, 'listening');
  expect(await failure()).toMatch(/^Port \d+ is taken by another program: stop it, or choose another port with PORT=/);
  server.close();
});

test('a port that is none', async () => {
  expect(await failure({ PORT: 'abc' })).toBe('PORT is "abc", but must be a whole number from 1 to 65535.');
});

test('a log level that is none', async () => {
  expect(await failure({ LOG_LEVEL: 'loud' })).toMatch(/^LOG_LEVEL is "loud", but must be one of: fatal, /);
});

test('a terminals setting that is none', async () => {
  expect(await failure({ TERMINALS: 'perhaps' })).toMatch(
    /^TERMINALS is "perhaps", but must be one of: demo, required/,
  );
});

test('a demonstration that other machines could reach', async () => {
  expect(await failure({ TERMINALS: 'demo', HOST: '0.0.0.0' })).toMatch(
    /^TERMINALS=demo lets anybody .*HOST=0\.0\.0\.0/,
  );
});

test('a database address that is none', async () => {
  expect(await failure({ DATABASE_URL: 'nonsense' })).toMatch(/^DATABASE_URL must look like postgres:/);
});

test('a database that does not answer', async () => {
  const url = `postgres://nobody:secret@127.0.0.1:${String(await freePort())}/bank`;
  const said = await failure({ DATABASE_URL: url });
  expect(said).toMatch(/^The database cannot be used: .*ECONNREFUSED.*Check DATABASE_URL/);
  expect(said).not.toContain('secret');
});

test('a data folder that cannot be written', async () => {
  writeFileSync(join(bankFolder.folder, 'file'), '');
  const folder = join(bankFolder.folder, 'file', 'var');
  expect(await failure({ STATE_DIR: folder })).toMatch(
    /^The data folder \S+ is not writable: make it so, or set STATE_/,
  );
});

test('a certificate that cannot be read', async () => {
  const certsDir = bankFolder.env['CERTS_DIR'] ?? '';
  mkdirSync(certsDir);
  for (const name of ['ca.crt', 'server.crt', 'server.key']) writeFileSync(join(certsDir, name), 'nonsense');
  expect(await failure()).toMatch(/^A certificate in \S+ is not readable as PEM: replace it, or empty the folder\.$/);
});
