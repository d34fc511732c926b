/** The server's configuration: its own variables, and each wrong value one sentence. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../ledger/src/configuration.ts';
import { Failure } from '../../ledger/src/failure.ts';
import { readConfig } from '../src/config.ts';

test('has a value for everything but the database', () => {
  expect(readConfig({})).toMatchObject({
    databaseUrl: undefined,
    host: 'localhost',
    port: 5001,
    certsDir: join(root, 'certs'),
    certNames: [],
    isBehindProxy: false,
    terminals: 'demo',
    batchLimitMinor: 1_000_000n,
    cashLimits: { depositMinor: 1_000_000n, withdrawalMinor: 200_000n, dayMinor: 1_000_000_000n },
    caDir: join(root, 'certs'),
    securityEventsDays: 180,
    staffAddresses: [],
    staffCertificates: 'optional',
  });
});

test('a terminal has a limit a day; in a demonstration, where all machines are one, a higher one', () => {
  expect(readConfig({ TERMINALS: 'required' }).cashLimits.dayMinor).toBe(5_000_000n);
  expect(readConfig({ TERMINALS: 'demo' }).cashLimits.dayMinor).toBe(1_000_000_000n);
  expect(readConfig({ TERMINALS: 'demo', CASH_DAY_LIMIT: '10' }).cashLimits.dayMinor).toBe(1_000n);
});

test('takes what the environment says', () => {
  const env = { PORT: '65535', HOST: '::', CERT_NAMES: 'a.example,,192.0.2.1', BEHIND_PROXY: 'yes' };
  const cash = { CASH_DEPOSIT_LIMIT: '3', CASH_WITHDRAWAL_LIMIT: '2.5', CASH_DAY_LIMIT: '0' };
  const folders = { CERTS_DIR: '/certs', CA_DIR: '/ca' };
  expect(readConfig({ ...env, ...cash, ...folders, TERMINALS: 'required', BATCH_LIMIT: '250.5' })).toMatchObject({
    cashLimits: { depositMinor: 300n, withdrawalMinor: 250n, dayMinor: 0n },
    caDir: '/ca',
    port: 65_535,
    host: '::',
    certNames: ['a.example', '192.0.2.1'],
    isBehindProxy: true,
    batchLimitMinor: 25_050n,
    terminals: 'required',
    certsDir: '/certs',
  });
});

test.each([
  ...['0', '65536', '5001x', '-1'].map((port) => [
    { PORT: port },
    `PORT is "${port}", but must be a whole number from 1 to 65535.`,
  ]),
  [
    { CERT_NAMES: 'fine,not fine' },
    'CERT_NAMES has "not fine", but must be host names and addresses with commas between them.',
  ],
  ...['DATABASE_URL', 'SERVER_DATABASE_URL', 'PROJECTOR_DATABASE_URL'].map((name) => [
    { [name]: 'mysql://u:secret@h/d' },
    `${name} must look like postgres://user:password@host:5432/database.`,
  ]),
  [{ DATABASE_URL_FILE: '/nowhere' }, 'DATABASE_URL_FILE is "/nowhere", but that file cannot be read.'],
  [{ BEHIND_PROXY: 'maybe' }, 'BEHIND_PROXY is "maybe", but must be one of: no, yes.'],
  [{ TERMINALS: 'some' }, 'TERMINALS is "some", but must be one of: demo, required.'],
  ...['10.0.0.0/33', '2001:db8::/129', 'office', '10.0.0/8'].map((range) => [
    { STAFF_ADDRESSES: `192.0.2.1,${range}` },
    `STAFF_ADDRESSES has "${range}", but must be addresses or ranges such as 192.0.2.0/24 with commas between them.`,
  ]),
  [{ CASH_DAY_LIMIT: 'all' }, 'CASH_DAY_LIMIT is "all", but must be an amount in EUR such as 50000.00.'],
  ...['-1', '1,5', '1.234', 'much'].map((limit) => [
    { BATCH_LIMIT: limit },
    `BATCH_LIMIT is "${limit}", but must be an amount in EUR such as 10000.00.`,
  ]),
  ...['0', '1.5', 'all'].map((days) => [
    { SECURITY_EVENTS_DAYS: days },
    `SECURITY_EVENTS_DAYS is "${days}", but must be a whole number of days from 1 to 9999.`,
  ]),
  [{ STAFF_CERTIFICATES: 'some' }, 'STAFF_CERTIFICATES is "some", but must be one of: optional, required.'],
] as [NodeJS.ProcessEnv, string][])('%o is one sentence', (env, sentence) => {
  expect(() => readConfig(env)).toThrow(new Failure(sentence));
});

const database = { DATABASE_URL: 'postgres://owner@localhost/bank' };

test.each([
  [{}, 'demo'],
  ...['localhost', '127.0.0.1', '127.8.9.10', '::1'].map((host) => [{ HOST: host }, 'demo'] as const),
  ...['0.0.0.0', '::', '192.0.2.1', 'bank.example', '127.example'].map((host) => [{ HOST: host }, 'required'] as const),
  [database, 'required'],
  [{ SERVER_DATABASE_URL: 'postgres://server@localhost/bank' }, 'required'],
  [{ EVENT_LOG_URL: 'esdb://localhost:2113?tls=false' }, 'required'],
  [{ BEHIND_PROXY: 'yes' }, 'required'],
  [{ TERMINALS: 'required' }, 'required'],
  [{ ...database, TERMINALS: 'demo' }, 'demo'],
] as [NodeJS.ProcessEnv, string][])('%o makes terminals %s', (env, terminals) => {
  expect(readConfig(env).terminals).toBe(terminals);
});

test.each([
  [{ HOST: '0.0.0.0' }, 'HOST=0.0.0.0'],
  [{ HOST: 'bank.example' }, 'HOST=bank.example'],
  [{ BEHIND_PROXY: 'yes' }, 'BEHIND_PROXY=yes'],
])('a demonstration that other machines could reach is rejected: %o', (env, what) => {
  expect(() => readConfig({ ...env, TERMINALS: 'demo' })).toThrow(
    new Failure(
      `TERMINALS=demo lets anybody deposit cash that nobody counted, and ${what} lets other machines in: set TERMINALS=required, or HOST=localhost without a proxy.`,
    ),
  );
});
