/** Terminals and their certificates: known by name in every event, revoked and renewed while the server runs. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ensureCertificates, eventLogNodes } from '../../operations/src/certificates/ensure.ts';
import { revokeTerminal } from '../../operations/src/certificates/terminals.ts';
import { openAccount, readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit, transfer } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { logInStaff } from '../../api/src/calls/staff.ts';
import { metrics, ready } from '../../api/src/calls/system.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import { authority } from './support/certificates.ts';
import type { Client } from './support/client.ts';
import { connect } from './support/client.ts';

const { pin } = person;
let bank: Bank;
let strict: { readonly client: Client; readonly port: number };
let customer: Customer;
const open: Client[] = [];
beforeAll(async () => {
  bank = await openBank();
  strict = await bank.startServer({ terminals: 'required' });
  customer = await bank.customer({ amountMinor: 100_00n });
});
afterAll(async () => {
  for (const client of open) await client.close();
  await bank.close();
});

/** The server looks for changes once a second. */
const soon = (look: () => unknown): Promise<unknown> => vi.waitFor(look, { timeout: 10_000 });

/** A client that shows this certificate. */
function showing(certificate: { readonly cert: string; readonly key: string }): Client {
  const client = connect(strict.port, { ca: bank.authority.ca, ...certificate });
  open.push(client);
  return client;
}
const outcome = async (client: Client): Promise<string> => {
  const { status, body } = await client.call(logIn, { body: { accountNumber: customer.account, pin } });
  return status === 201 ? 'in' : String(body.code);
};

test('every event that comes from a terminal has its name', async () => {
  const before = (await bank.history()).length;
  const client = showing(await bank.authority.terminal('gare-du-nord-2'));
  await client.call(openAccount, { body: person });
  const session = await client.call(logIn, { body: { accountNumber: customer.account, pin } });
  const { token } = session.body;
  const { account: to } = await bank.customer();
  await client.call(deposit, { token, body: { amount: '1', pin } });
  await client.call(transfer, { token, body: { to, amount: '1', pin } });
  for (let n = 0; n < 3; n++) await client.call(deposit, { token, body: { amount: '1', pin: '0000' } });
  await soon(async () => {
    const events = (await bank.history()).slice(before).filter(({ metadata }) => metadata.terminal !== 'desk');
    expect(events.map(({ event }) => event.type)).toEqual([
      ...['CustomerRegistered', 'AccountOpened', 'Deposited', 'Transferred', 'AccessLocked'],
    ]);
    expect(new Set(events.map(({ metadata }) => metadata.terminal))).toEqual(new Set(['gare-du-nord-2']));
  });
  customer = await bank.customer({ amountMinor: 100_00n });
});

test('who has no certificate, another authority’s, the server’s or an event log’s is no terminal', async () => {
  expect(await outcome(strict.client)).toBe('forbidden');
  expect(await outcome(showing(await bank.authority.stranger('gare-du-nord-2')))).toBe('forbidden');
  const { certsDir } = bank.authority;
  await ensureCertificates(certsDir, Date.now(), { also: [eventLogNodes] });
  for (const name of ['server', 'event-log']) {
    const [cert, key] = ['crt', 'key'].map((end) => readFileSync(join(certsDir, `${name}.${end}`), 'utf8'));
    expect(await outcome(showing({ cert: cert ?? '', key: key ?? '' }))).toBe('forbidden');
  }
});

test('a revoked terminal is turned away within moments, on the connection it has open, and for good', async () => {
  const lost = await bank.authority.terminal('lost');
  const renewed = await bank.authority.terminal('lost');
  const other = showing(await bank.authority.terminal('not-lost'));
  const clients = [showing(lost), showing(renewed)];
  for (const client of [...clients, other]) expect(await outcome(client)).toBe('in');

  const { certsDir } = bank.authority;
  expect(await revokeTerminal({ certsDir, caDir: certsDir }, 'lost', Date.now())).toBe(2);
  for (const client of clients)
    await soon(async () => {
      expect(await outcome(client)).toBe('forbidden');
    });
  expect(await outcome(other)).toBe('in');
  expect(await outcome(showing(lost))).toBe('forbidden');
  expect(existsSync(join(certsDir, 'terminals/lost/terminal.key'))).toBe(false);

  // Not even a session that was open, nor a log-in of staff, nor a server that takes customers without a certificate.
  const onDesk = connect(Number(new URL(bank.client.origin).port), { ca: bank.authority.ca, ...lost });
  open.push(onDesk);
  await soon(async () => {
    expect((await onDesk.call(readOwnAccount, { token: customer.token })).body.code).toBe('forbidden');
  });
  const staff = await onDesk.raw('POST', logInStaff.path, {
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(staff.body.code).toBe('forbidden');

  // A second list keeps the first's entries, and the terminal may come back with a new certificate.
  await bank.authority.terminal('stolen');
  await revokeTerminal({ certsDir, caDir: certsDir }, 'stolen', Date.now());
  expect(await outcome(showing(await bank.authority.terminal('lost')))).toBe('in');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await outcome(showing(lost))).toBe('forbidden');

  // A list that is damaged or gone lets nobody in again, and is warned of.
  const list = join(certsDir, 'ca.crl');
  const whole = readFileSync(list);
  const warnings = async () => (await strict.client.call(ready)).body.warnings;
  writeFileSync(list, whole.subarray(0, 200));
  await soon(async () => {
    expect(await warnings()).toEqual([
      { code: 'certificates_unusable', detail: expect.stringMatching(/cannot be used/) as string },
    ]);
  });
  expect(await outcome(showing(lost))).toBe('forbidden');
  rmSync(list);
  await soon(async () => {
    expect(await warnings()).toEqual([
      { code: 'revocation_list_missing', detail: expect.stringMatching(/list is gone/) as string },
    ]);
  });
  expect(await outcome(showing(lost))).toBe('forbidden');
  writeFileSync(list, whole);
  await soon(async () => {
    expect(await warnings()).toEqual([]);
  });
});

test('the PKCS#12 file is all a browser needs; it and the key are their owner’s only', async () => {
  await bank.authority.terminal('kiosk-1');
  const file = (name: string): string => join(bank.authority.certsDir, 'terminals/kiosk-1', name);
  for (const name of ['terminal.key', 'terminal.p12']) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connectTls(
      {
        ...{ host: 'localhost', port: strict.port, ca: bank.authority.ca },
        ...{ pfx: readFileSync(file('terminal.p12')), passphrase: 'password' },
      },
      () => {
        const body = JSON.stringify({ accountNumber: customer.account, pin });
        const lines = ['POST /api/v1/sessions HTTP/1.1', 'Host: localhost', 'Connection: close'];
        const headers = ['Content-Type: application/json', `Content-Length: ${String(body.length)}`];
        socket.write([...lines, ...headers, '', body].join('\r\n'));
      },
    );
    let text = '';
    socket.on('data', (data) => (text += String(data)));
    socket.on('end', () => {
      resolve(text);
    });
    socket.on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1.1 201 /);
});

test('a renewed certificate is in use within moments, and those who trust the authority notice nothing', async () => {
  const port = Number(new URL(bank.client.origin).port);
  const served = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ host: 'localhost', port, ca: bank.authority.ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const before = await served();
  expect(await ensureCertificates(bank.authority.certsDir, Date.now(), { renew: true })).toMatchObject({
    made: ['server.crt'],
  });
  await soon(async () => {
    expect(await served()).not.toBe(before);
  });
  expect((await bank.client.call(ready)).status).toBe(200);
});

test('health and measurements tell in time that a certificate runs out', async () => {
  const { certsDir } = bank.authority;
  const late = Date.now() - 380 * 86_400_000;
  await ensureCertificates(certsDir, late, { renew: true });
  await soon(async () => {
    const { body, status } = await bank.client.call(ready);
    expect({ status, warnings: body.warnings }).toEqual({
      status: 200,
      warnings: [
        { code: 'demo_terminals', detail: expect.any(String) as string },
        {
          code: 'certificate_expires',
          detail: expect.stringMatching(
            /^The server’s certificate runs out in 1[67] days: npm run certs -- renew\.$/,
          ) as string,
        },
      ],
    });
  });
  const { text } = await bank.client.call(metrics);
  const { validToDate } = new X509Certificate(readFileSync(join(certsDir, 'server.crt')));
  expect(text).toContain(
    `certificate_expiry_timestamp_seconds{certificate="server"} ${String(validToDate.getTime() / 1000)}`,
  );
  expect(text).toContain('certificate_expiry_timestamp_seconds{certificate="authority"}');
});

test('with CA_DIR elsewhere the server’s folders have no key but its own, and the terminals come in and go', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-ca-'));
  const [certsDir, caDir] = [join(bank.stateDir, 'certs-of-the-server'), join(folder, 'authority')] as const;
  const elsewhere = await authority(certsDir, caDir);
  const certificate = await elsewhere.terminal('gare-du-nord-3');
  const { port } = await bank.startServer({ terminals: 'required', certsDir });
  const client = connect(port, { ca: elsewhere.ca, ...certificate });
  open.push(client);
  expect(await outcome(client)).toBe('in');
  expect(readdirSync(certsDir).sort()).toEqual(['ca.crt', 'server.crt', 'server.key']);
  expect(readFileSync(join(certsDir, 'server.key'), 'utf8')).not.toBe(readFileSync(join(caDir, 'ca.key'), 'utf8'));
  // The other servers of this file have their authority in the state directory; this one's is in neither.
  for (const file of readdirSync(bank.stateDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(bank.stateDir, file);
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, 'latin1');
    for (const key of [certificate.key, readFileSync(join(caDir, 'ca.key'), 'utf8')]) expect(text).not.toContain(key);
  }

  await revokeTerminal({ certsDir, caDir }, 'gare-du-nord-3', Date.now());
  await soon(async () => {
    expect(await outcome(client)).toBe('forbidden');
  });
  rmSync(folder, { recursive: true });
});
