/** `npm start` as a newcomer meets it: opened, stopped, opened again, and kept open when parts of it die. */
import { mkdirSync, chownSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BankFolder, StartedBank } from './start.suite.ts';
import { childOf, isOpen, newBankFolder, processesIn, until } from './start.suite.ts';

let bankFolder: BankFolder;
beforeEach(async () => {
  bankFolder = await newBankFolder();
});
afterEach(() => bankFolder.clear());

/** Logs in with what the bank itself told, and deposits. */
async function deposit(bank: StartedBank, key: string): Promise<unknown> {
  const [, accountNumber, pin] = /sample account +(\d+), PIN (\d{4})/.exec(bank.said()) ?? [];
  const session = await bank.call('/api/v1/sessions', { body: { accountNumber, pin } });
  expect(session.status).toBe(201);
  const token = String(session.body['token']);
  const body = { amount: '10.00', pin };
  const deposited = await bank.call('/api/v1/accounts/me/deposits', { body, token, key });
  expect(deposited.status).toBe(201);
  return deposited.body['balance'];
}

test('the first start opens the bank, Ctrl-C ends all of it, the second start goes on', async () => {
  const first = bankFolder.start();
  await isOpen(first);
  expect(first.said()).toContain(`https://localhost:${bankFolder.env['PORT'] ?? ''}`);
  const [, username, password] = /staff log-in +(\S+), password (\S+)/.exec(first.said()) ?? [];
  expect(await first.call('/api/v1/staff/sessions', { body: { username, password } })).toMatchObject({ status: 201 });
  expect(await first.call('/health/ready')).toMatchObject({
    status: 200,
    body: { status: 'ready', warnings: [{ code: 'demo_terminals' }] },
  });
  expect(first.said()).toMatch(/demonstration +TERMINALS=demo/);
  expect(await deposit(first, 'once')).toBe('8678.37');
  first.process.kill('SIGINT');
  expect(await first.ended).toBe(0);
  await until(() => processesIn(bankFolder.folder).length === 0);

  const second = bankFolder.start();
  await isOpen(second);
  expect(second.said()).not.toContain('password');
  expect(await deposit(second, 'twice'), 'what was deposited before is there').toBe('8688.37');
  expect(await deposit(second, 'once'), 'an old key gives its first answer').toBe('8678.37');
});

test('a server, a projector and a PostgreSQL that are killed are started again', async () => {
  const bank = bankFolder.start();
  await isOpen(bank);
  expect(await deposit(bank, '1')).toBe('8678.37');
  const isReady = async (): Promise<boolean> => (await bank.call('/health/ready')).status === 200;

  process.kill(childOf(bank.process, 'server/src/main.ts'), 'SIGKILL');
  await until(() => bank.said().includes('The server ended (SIGKILL) and is started again.'));
  await until(isReady);
  expect(await deposit(bank, '2')).toBe('8688.37');

  process.kill(childOf(bank.process, 'projections/src/main.ts'), 'SIGKILL');
  await until(() => bank.said().includes('The projector ended (SIGKILL) and is started again.'));
  await until(isReady);

  process.kill(childOf(bank.process, 'bin/postgres'), 'SIGKILL');
  await until(() => bank.said().includes('PostgreSQL ended and is started again.'));
  await until(isReady);
  await until(async () => (await deposit(bank, '3')) === '8698.37');
});

test('killed itself, it takes its servers with it, and the next start finds PostgreSQL and goes on', async () => {
  const first = bankFolder.start();
  await isOpen(first);
  expect(await deposit(first, '1')).toBe('8678.37');
  const server = childOf(first.process, 'server/src/main.ts');
  first.process.kill('SIGKILL');
  await until(() => !processesIn(bankFolder.folder).includes(server));
  const second = bankFolder.start();
  await isOpen(second);
  expect(await deposit(second, '2')).toBe('8688.37');
});

test('as an ordinary user', async (context) => {
  if (process.getuid?.() !== 0) context.skip('needs root to become somebody else; every other test here ran as one');
  const nobody = 65_534;
  for (const folder of [bankFolder.env['STATE_DIR'], bankFolder.env['CERTS_DIR']]) {
    mkdirSync(folder ?? '');
    chownSync(folder ?? '', nobody, nobody);
  }
  const bank = bankFolder.start({ uid: nobody });
  await isOpen(bank);
  expect(await deposit(bank, '1')).toBe('8678.37');
});

test('as root, in a folder that others may not enter', async (context) => {
  if (process.getuid?.() !== 0) context.skip('needs root');
  const closed = join(bankFolder.folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o700);
  const bank = bankFolder.start({ env: { STATE_DIR: join(closed, 'var') } });
  await isOpen(bank);
  expect(await deposit(bank, '1')).toBe('8678.37');
});
