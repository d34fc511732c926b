/** The log of a whole run, at its most talkative, holds no PIN, no password, no token and no name. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openAccount, readOwnAccount, readOwnEntries } from '../../api/src/calls/accounts.ts';
import { searchAccounts } from '../../api/src/calls/audit-accounts.ts';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn, logOut } from '../../api/src/calls/sessions.ts';
import { logInStaff } from '../../api/src/calls/staff.ts';
import { createLog } from '../../ledger/src/log.ts';
import { openBank, person } from './support/bank.ts';

function memory() {
  const lines: string[] = [];
  return { lines, log: createLog('server', 'trace', { write: (line) => lines.push(line) }) };
}

test('a whole run', async () => {
  const { lines, log } = memory();
  const bank = await openBank({ log });
  const pin = '8642';
  const profile = { ...person, pin, lastName: 'Quidproquo', firstName: 'Wilhelmine', address: '3 rue Introuvable' };
  const opened = await bank.client.call(openAccount, { body: profile });
  const accountNumber = opened.body.accountNumber;
  const session = await bank.client.call(logIn, { body: { accountNumber, pin } });
  const token = session.body.token;
  const key = `key-${randomUUID()}`;
  await bank.client.call(deposit, { token, key, body: { amount: '7531.09', pin } });
  await bank.client.call(withdraw, { token, body: { amount: '1', pin: '9753' } });
  await bank.client.call(transfer, { token, body: { to: '999999', amount: '1', pin, reference: 'Pour Clothilde' } });
  await bank.client.call(readOwnAccount, { token });
  await bank.client.call(readOwnEntries, { headers: { cookie: `__Host-session=${token}` } });
  await bank.client.raw('POST', logIn.path, {
    headers: { 'content-type': 'application/json' },
    body: `{"accountNumber": "${accountNumber}", "pin": "${pin}`,
  });
  await bank.client.raw('GET', `/api/v1/nothing/Quidproquo?pin=${pin}`);
  const staff = await bank.staff('auditor');
  await bank.client.call(searchAccounts, { token: staff, query: { query: 'Quidproquo' } });
  await bank.client.call(logInStaff, { body: { username: 'somebody', password: 'correct horse battery' } });
  await bank.client.call(logOut, { token });
  await bank.close();

  // Numbers that come by chance may look like anything.
  const text = lines.map((line) => line.replaceAll(/"(?:correlationId|time|durationMs)":[^,]*,/g, '')).join('\n');
  expect(lines.length).toBeGreaterThan(12);
  for (const secret of [
    pin,
    '9753',
    token,
    staff,
    key,
    'Quidproquo',
    'Wilhelmine',
    'Introuvable',
    'Clothilde',
    '7531',
  ]) {
    expect(text).not.toContain(secret);
  }
  expect(text).not.toContain('correct horse');
  expect(text).not.toContain(Buffer.from(token).toString('hex'));
});

test('a request’s line says what is needed to find out what happened, and leads to the answer', async () => {
  const { lines, log } = memory();
  const bank = await openBank({ log });
  const reply = await bank.client.call(readOwnAccount);
  await bank.close();
  const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const line = all.find(({ correlationId }) => correlationId === reply.headers['x-correlation-id']);
  expect(line).toMatchObject({
    msg: 'request',
    method: 'GET',
    route: '/api/v1/accounts/me',
    status: 401,
    code: 'unauthenticated',
    terminal: 'desk',
  });
  expect(line?.['durationMs']).toBeTypeOf('number');
});

test('should a secret ever be handed to the log, it is taken out', () => {
  const { lines, log } = memory();
  log.info({ pin: '1234', body: { pin: '1234', lastName: 'Dupont' }, req: { headers: { authorization: 'Bearer x' } } });
  const error = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (name)=(Dupont) exists' });
  log.error({ err: error }, 'failed');
  expect(lines.join()).not.toMatch(/1234|Dupont|Bearer/);
  expect(lines.join()).toContain('duplicate key');
});
