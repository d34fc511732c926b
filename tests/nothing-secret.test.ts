/** A whole run of the bank as anybody starts it, at its most talkative: nothing secret in any log, measurement or answer to a failure. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer, BankFolder, StartedBank } from '../operations/tests/start.suite.ts';
import { isOpen, newBankFolder, until } from '../operations/tests/start.suite.ts';
import { unmistakablePerson as person } from './support/unmistakable-person.ts';

let bankFolder: BankFolder;
let bank: StartedBank;
beforeAll(async () => {
  bankFolder = await newBankFolder();
  bank = bankFolder.start({ env: { LOG_LEVEL: 'trace' } });
  await isOpen(bank);
});
afterAll(() => bankFolder.clear());

/** The owner's connection to the bank's own database. */
async function ownDatabase(): Promise<pg.Client> {
  const data = join(bankFolder.env['STATE_DIR'] ?? '', 'postgres');
  const port = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[3] ?? '';
  const password = readFileSync(join(data, 'grand-livre.password'), 'utf8');
  const client = new pg.Client({ connectionString: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` });
  // Whatever fails here leaves it to the end of the bank.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Every file beside the database itself and the secrets. */
function logs(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return entry.name === 'postgres' || entry.name === 'secrets' ? [] : logs(join(folder, entry.name));
    return [join(folder, entry.name)];
  });
}

test('a whole run', { timeout: 120_000 }, async () => {
  const said = bank.said();
  const [, username = '', password = ''] = /staff log-in +(\S+), password (\S+)/.exec(said) ?? [];
  const call = (path: string, body?: object, more: { token?: string; key?: string } = {}): Promise<Answer> =>
    bank.call(`/api/v1${path}`, { ...(body !== undefined && { body }), ...more });

  // A visit, with everything that goes wrong in one.
  const { accountNumber } = (await call('/accounts', person, { key: '3c2b4b8e-9c46-4f0e-9f5a-0d8a2b9f6f11' })).body;
  const session = await call('/sessions', { accountNumber, pin: person.pin });
  const token = String(session.body['token']);
  await call('/accounts/me/deposits', { amount: '7531.09', pin: person.pin }, { token, key: 'key-deposit-12345' });
  await call('/accounts/me/deposits', { amount: '7531.08', pin: person.pin }, { token, key: 'key-deposit-12345' });
  await call('/accounts/me/withdrawals', { amount: '1', pin: '9753' }, { token, key: 'key-withdrawal-12' });
  await call(
    '/accounts/me/transfers',
    { to: '100002', amount: '1', pin: person.pin, reference: 'Pour Clothilde' },
    { token, key: 'key-transfer-1234' },
  );
  await call('/accounts/me/transfers/preview', { to: '100002', amount: 'Clothilde' }, { token });
  await call(
    '/accounts',
    { ...person, lastName: { $ne: 'Quidproquo' }, unknown: 'Introuvable' },
    { key: '3c2b4b8e-9c46-4f0e-9f5a-0d8a2b9f6f12' },
  );
  await call(`/nothing/Quidproquo?pin=${person.pin}&token=${token}`);
  const staff = await call('/staff/sessions', { username, password });
  const staffToken = String(staff.body['token']);
  await call('/staff/sessions', { username, password: 'correct horse battery' });
  await call('/audit/accounts?query=Quidproquo', undefined, { token: staffToken });
  await call(`/audit/accounts/${String(accountNumber)}/events`, undefined, { token: staffToken });

  // The database rejects a row with somebody's name in it, in the middle of the projector's work, and then breaks.
  const owner = await ownDatabase();
  await owner.query('alter table read.customers drop constraint if exists no');
  await owner.query(`alter table read.customers add constraint no check (first_name <> 'Hildegonde') not valid`);
  await call('/accounts', { ...person, firstName: 'Hildegonde' }, { key: '3c2b4b8e-9c46-4f0e-9f5a-0d8a2b9f6f13' });
  const log = (name: string): string => readFileSync(join(bankFolder.env['STATE_DIR'] ?? '', name), 'utf8');
  await until(() => log('postgres.log').includes('violates check constraint'));
  await until(() => log('projector.log').includes('violates check constraint'));
  await owner.query('alter table read.customers drop constraint no');
  await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename is not null`,
  );
  await owner.end();
  await sleep(500);
  await until(async () => (await bank.call('/health/ready')).status === 200);
  await call('/accounts/me/deposits', { amount: '7531.09', pin: person.pin }, { token, key: 'key-deposit-45678' });
  const metrics = await fetchText('/metrics');

  const stateDir = bankFolder.env['STATE_DIR'] ?? '';
  const files = logs(stateDir);
  const logFiles = ['postgres.log', 'projector.log', 'server.log', 'signer.log'];
  // What the server and the signer know by heart may be there already.
  const memory = ['book.snapshot', 'log-last-signed'].filter((name) => existsSync(join(stateDir, name)));
  expect(files.map((file) => file.slice(stateDir.length + 1)).sort()).toEqual([...logFiles, ...memory].sort());
  for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0);
  const texts: Readonly<Record<string, string>> = {
    ...Object.fromEntries(files.map((file) => [file, readFileSync(file, 'latin1')])),
    ...{ metrics, later: bank.said().slice(said.length) },
  };
  expect(texts[join(stateDir, 'server.log')]?.split('\n').length).toBeGreaterThan(15);
  for (const [where, text] of Object.entries(texts)) {
    // Numbers that come by chance may look like anything.
    const told = text
      .replaceAll(/"(?:correlationId|time|durationMs|pid|port)":[^,]*,/g, '')
      .replaceAll(/port \d+/g, '')
      .replaceAll(/^.*(?:seconds|bytes|memory).*$/gim, (line) => (where === 'metrics' ? '' : line));
    for (const secret of [
      ...['8642', '9753', token, staffToken, password, 'correct horse', 'key-deposit', '3c2b4b8e-9c46', 'key-transfer'],
      ...[person.lastName, person.firstName, 'Hildegonde', 'Introuvable', person.city, person.landline, person.mobile],
      ...['97531', 'Clothilde', '7531.09', '753109'],
    ]) {
      expect(told.includes(secret), `${secret} in ${where}`).toBe(false);
    }
    // The greeting shows one PIN and one password, to the person who started the bank, and no log does.
    expect(told.includes('4821'), `the sample PIN in ${where}`).toBe(false);
  }
});

async function fetchText(path: string): Promise<string> {
  const { Agent, fetch } = await import('undici');
  const agent = new Agent({ connect: { ca: readFileSync(join(bankFolder.env['CERTS_DIR'] ?? '', 'ca.crt'), 'utf8') } });
  const answer = await fetch(`https://localhost:${bankFolder.env['PORT'] ?? ''}${path}`, { dispatcher: agent });
  const text = await answer.text();
  await agent.close();
  return text;
}
