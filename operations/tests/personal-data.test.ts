/** Personal data in a running bank: an erased person is nowhere any more, and the master key is replaced under way. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import { masterKeyFiles } from '../../ledger/src/vault/master-keys.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { openAccount, readOwnAccount, readOwnEntries } from '../../api/src/calls/accounts.ts';
import { auditAccount, searchAccounts } from '../../api/src/calls/audit-accounts.ts';
import { exportEntries, exportEvents, exportStatement } from '../../api/src/calls/exports.ts';
import { beginVerification, listVerifications } from '../../api/src/calls/verification.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { closeAccount } from '../../api/src/calls/operations.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { logInStaff } from '../../api/src/calls/staff.ts';
import { newSecret } from '../../server/src/staff/one-time-codes.ts';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank, person } from '../../server/tests/support/bank.ts';
import { rotate } from '../src/key-rotation/rotate.ts';
import { hash } from '@node-rs/argon2';
import { TOTP, URI } from 'otpauth';

let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(() => bank.close());

type Ran = { readonly code: number; readonly said: string };

const run = (script: string, ...given: readonly string[]): Promise<Ran> => runWith({}, script, ...given);

function runWith(settings: NodeJS.ProcessEnv, script: string, ...given: readonly string[]): Promise<Ran> {
  const path = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  const { eventLogUrl = '', ledger } = bank.eventLog;
  const env = {
    ...{ PATH: process.env['PATH'], DATABASE_URL: bank.databaseUrl, STATE_DIR: bank.stateDir },
    ...{ EVENT_LOG_URL: eventLogUrl, LEDGER: ledger },
    ...settings,
  };
  return promisify(execFile)(process.execPath, [path, ...given], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: unknown) => {
      const failed = error as { code: number; stdout: string; stderr: string };
      return { code: failed.code, said: failed.stdout + failed.stderr };
    },
  );
}

const gone = {
  ...person,
  lastName: 'Oubliette-Zwölf',
  firstName: 'Théophanie',
  address: '99 quai des Absents',
  city: 'Nulleparville',
  landline: '0555121314',
  mobile: '0666171819',
};
const words = [
  gone.lastName,
  'oubliette',
  gone.firstName,
  'theophanie',
  gone.address,
  gone.city,
  gone.landline,
  gone.mobile,
];

/** Every row of every table, and what the planner remembers of them. */
async function everythingInTheDatabase(): Promise<string> {
  const { rows } = await bank.database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const parts = await Promise.all(
    [...rows.map(({ name }) => name), 'pg_stats'].map(async (name) => {
      const { rows: all } = await bank.database.query<{ row: string }>(`select t::text as row from ${name} t`);
      return all.map(({ row }) => row).join('\n');
    }),
  );
  return parts.join('\n');
}

/** The bytes of the database's own files. */
async function filesOfTheDatabase(): Promise<Buffer> {
  await bank.database.query('checkpoint');
  const { rows } = await bank.database.query<{ folder: string }>(
    `select current_setting('data_directory') || '/base/' || oid as folder from pg_database where datname = current_database()`,
  );
  const folder = rows[0]?.folder ?? '';
  return Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file))));
}

describe('an erased customer', () => {
  test('is nowhere any more, while balances, entries and proofs hold', { timeout: 120_000 }, async () => {
    const { client } = bank;
    const auditor = await bank.staff('auditor');
    // Neighbours in the same pages of the tables' files, so that these do not go as a whole.
    await bank.customer();
    await bank.customer();
    const opened = await client.call(openAccount, { body: gone });
    const account = opened.body.accountNumber;
    const credentials = { accountNumber: account, pin: gone.pin };
    const { token } = (await client.call(logIn, { body: credentials })).body;
    const done = await client.call(deposit, { token, body: { amount: '123.45', pin: gone.pin } });
    const audit = { token: auditor, params: { account }, query: { after: done.body.position } };
    const before = (await client.call(auditAccount, audit)).body;
    expect(before.holder).toBe('Théophanie Oubliette-Zwölf');
    await bank.database.query('analyze');
    expect((await filesOfTheDatabase()).includes(gone.lastName)).toBe(true);
    const sealedBefore = (await bank.history()).find(
      ({ event }) => event.type === 'CustomerRegistered' && event.customer === before.customer,
    );

    const why = ['--reason', 'asked for it under article 17'];
    const erased = await run('erase-customer', before.customer ?? '', ...why, '--force');
    expect(erased.said).toMatch(/is erased, at position \d+/);
    expect(erased.code).toBe(0);

    // The person: not in what the bank shows, not in its database, not in the database's files.
    const seen = [
      (await client.call(logIn, { body: credentials })).text,
      (await client.call(readOwnAccount, { token })).text,
      (await client.call(readOwnEntries, { token })).text,
      (await client.call(auditAccount, audit)).text,
      (await client.call(searchAccounts, { token: auditor, query: { query: 'Oubliette' } })).text,
      (await client.call(exportEntries, { token: auditor, params: { account } })).text,
      (await client.call(exportEvents, { token: auditor, params: { account } })).text,
      (await client.call(exportStatement, { token: auditor, params: { account } })).text,
      (await client.raw('GET', '/metrics')).text,
      await everythingInTheDatabase(),
    ];
    const files = await filesOfTheDatabase();
    for (const word of words) {
      for (const text of seen) expect(text).not.toContain(word);
      expect(files.includes(word), word).toBe(false);
    }
    const sealed = sealedBefore?.event.type === 'CustomerRegistered' ? sealedBefore.event : undefined;
    const vault = postgresVault({ pool: bank.database, masterKeys: bank.masterKeys });
    expect(await vault.open(sealed?.keyId ?? '', sealed?.profile ?? '')).toBeUndefined();

    // Everything else stays, and who did it and why is in the journal.
    const after = (await client.call(auditAccount, audit)).body;
    expect(after).toEqual({ ...before, holder: undefined, position: after.position });
    expect((await client.call(readOwnEntries, { token })).body.entries).toMatchObject([{ amount: '123.45' }]);
    const { body } = await client.call(searchAccounts, { token: auditor, query: { query: 'Dupont' } });
    expect(body.accounts).toHaveLength(2);
    const more = await client.call(deposit, { token, body: { amount: '1', pin: gone.pin } });
    expect(more.body.balance).toBe('124.45');
    expect((await bank.history()).map(({ event }) => event)).toContainEqual({
      ...{ type: 'CustomerErased', customer: before.customer, reason: 'asked for it under article 17', forced: true },
    });
    await client.call(beginVerification, { token: auditor });
    await vi.waitFor(
      async () => {
        const { verifications } = (await client.call(listVerifications, { token: auditor })).body;
        expect(verifications[0]).toMatchObject({ differenceCount: 0, total: '0.00' });
      },
      { timeout: 20_000 },
    );
    const rebuilt = await run('rebuild');
    expect(rebuilt.said).not.toContain('not as before');
    expect(rebuilt.code).toBe(0);
    expect(await everythingInTheDatabase()).not.toContain(gone.lastName);

    // Asked for again, nothing happens twice.
    const again = await run('erase-customer', before.customer ?? '', '--reason', 'again');
    expect(again.said).toContain('was erased before');
    expect((await bank.history()).filter(({ event }) => event.type === 'CustomerErased')).toHaveLength(1);
  });

  const holdsMoney = 'is open and holds 12.00 EUR';
  test.each([
    {
      title: 'open',
      holds: 0n,
      closed: false,
      days: '0',
      given: ['--reason', 'x'],
      said: 'is open and holds 0.00 EUR',
    },
    { title: 'open with money', holds: 1_200n, closed: false, days: '0', given: ['--reason', 'x'], said: holdsMoney },
    { title: 'forced, no reason', holds: 1_200n, closed: false, days: '0', given: ['--force'], said: 'Usage' },
    {
      title: 'forced',
      holds: 1_200n,
      closed: false,
      days: '0',
      given: ['--reason', 'a court', '--force'],
      forced: true,
    },
    {
      title: 'closed too recently',
      holds: 0n,
      closed: true,
      days: '10',
      given: ['--reason', 'x'],
      said: 'are kept until',
    },
    { title: 'closed, days by default', holds: 0n, closed: true, given: ['--reason', 'x'], said: 'are kept until' },
    {
      title: 'no number of days',
      holds: 0n,
      closed: true,
      days: '-1',
      given: ['--reason', 'x'],
      said: 'RETENTION_DAYS',
    },
    { title: 'forced for nothing', holds: 0n, closed: true, days: '0', given: ['--reason', 'x', '--force'] },
    { title: 'closed long enough', holds: 0n, closed: true, days: '0', given: ['--reason', 'x'] },
  ])('$title', { timeout: 30_000 }, async ({ holds, closed, days, given, said, forced }) => {
    const { client } = bank;
    const { account } = await bank.customer({ amountMinor: holds });
    const operator = await bank.staff('operator');
    const { customer = '' } = (await client.call(auditAccount, { token: operator, params: { account } })).body;
    if (closed)
      await client.call(closeAccount, { token: operator, params: { account }, body: { reason: 'moved away' } });
    const before = await bank.history();
    const ran = await runWith({ RETENTION_DAYS: days }, 'erase-customer', customer, ...given);
    const added = (await bank.history()).slice(before.length).map(({ event }) => event);
    const { body } = await client.call(auditAccount, { token: operator, params: { account } });
    if (said === undefined) {
      expect(ran.said).toContain(`Customer ${customer} is erased`);
      expect(ran.code).toBe(0);
      const reason = given[1];
      expect(added).toEqual([{ type: 'CustomerErased', customer, reason, ...(forced && { forced }) }]);
      expect(body.holder).toBeUndefined();
    } else {
      expect(ran.said).toContain(said);
      expect(ran.code).toBe(1);
      expect(ran.said).not.toMatch(/\n\s+at /);
      expect(added).toEqual([]);
      expect(body.holder).toBe('Zoé Dupont-Évrard');
    }
  });

  test.each([[['999999', '--reason', 'x']], [['17']], [['x', '--reason', 'x']], [['17', '--reason', ' ']], [[]]])(
    'asked for with %j it is one sentence, and nothing happens',
    async (given) => {
      const before = (await bank.history()).length;
      const { code, said } = await run('erase-customer', ...given);
      expect(code).toBe(1);
      expect(said).toMatch(/^(The bank has no customer 999999|Usage: npm run erase-customer)/);
      expect(said).not.toMatch(/\n\s+at /);
      expect((await bank.history()).length).toBe(before);
    },
  );
});

describe('the master key', () => {
  const generations = async (): Promise<readonly number[]> => {
    const { rows } = await bank.database.query<{ generation: number }>(
      'select generation from vault.master_keys union select generation from vault.customer_keys order by 1',
    );
    return rows.map(({ generation }) => generation);
  };
  const namesNow = async (token: string): Promise<readonly (string | undefined)[]> => {
    const { body } = await bank.client.call(searchAccounts, { token, query: { query: 'Zoe', limit: '100' } });
    return body.accounts.map(({ holder }) => holder);
  };

  test('is replaced while customers come, and nobody is lost', { timeout: 120_000 }, async () => {
    const auditor = await bank.staff('auditor');
    const secret = newSecret(await bank.masterKeys.get(1), 'ada');
    await bank.database.query(
      `insert into access.staff (username, password_hash, role, totp_secret, totp_generation) values ('ada', $1, 'auditor', $2, 1)`,
      [await hash('a long password'), secret.sealed],
    );
    let coming = true;
    let came = 0;
    const crowd = Array.from({ length: 4 }, async () => {
      while (coming) {
        const opened = await bank.client.call(openAccount, { body: person });
        expect(opened.status).toBe(201);
        came += 1;
        // Slow enough for the limit on openings from one address.
        await sleep(200);
      }
    });
    await vi.waitFor(
      () => {
        expect(came).toBeGreaterThan(20);
      },
      { timeout: 20_000 },
    );
    const { code, said } = await run('rotate-master-key');
    expect(said).toMatch(/keys are wrapped under master key 2/);
    expect(code).toBe(0);
    coming = false;
    await Promise.all(crowd);
    expect(await generations()).toEqual([2]);
    expect(existsSync(join(bank.stateDir, 'secrets/master.key'))).toBe(false);

    // Opened afresh, from the files alone: everybody's profile, and those of whoever comes now.
    const last = await bank.client.call(openAccount, { body: person });
    expect(last.status).toBe(201);
    const vault = postgresVault({ pool: bank.database, masterKeys: masterKeyFiles(bank.stateDir) });
    const registered = (await bank.history()).flatMap(({ event }) =>
      event.type === 'CustomerRegistered' ? [event] : [],
    );
    const opened = await Promise.all(registered.map(({ keyId, profile }) => vault.open(keyId, profile)));
    expect(opened.filter((profile) => profile?.lastName === person.lastName).length).toBeGreaterThanOrEqual(came + 1);
    await vi.waitFor(
      async () => {
        expect((await namesNow(auditor)).length).toBeGreaterThan(20);
      },
      { timeout: 20_000 },
    );
    expect(new Set(await namesNow(auditor))).toEqual(new Set(['Zoé Dupont-Évrard']));
    const totp = URI.parse(secret.uri);
    if (!(totp instanceof TOTP)) throw new Error('not a TOTP');
    const staff = { username: 'ada', password: 'a long password', code: totp.generate() };
    expect((await bank.client.call(logInStaff, { body: staff })).status).toBe(201);
  });

  test('a rotation that was cut short goes on with the same new key', async () => {
    const client = new pg.Client({ connectionString: bank.databaseUrl });
    await client.connect();
    const masterKeys = masterKeyFiles(bank.stateDir);
    const cut = rotate({
      ...{ client, masterKeys, graceMs: 0 },
      onProgress: () => {
        throw new Error('cut short');
      },
    });
    await expect(cut).rejects.toThrow('cut short');
    expect(await generations()).toEqual([2, 3]);
    expect((await bank.client.call(openAccount, { body: person })).status).toBe(201);
    const key = await masterKeys.get(3);
    expect(
      await rotate({ client, masterKeys: masterKeyFiles(bank.stateDir), onProgress: () => undefined, graceMs: 0 }),
    ).toMatchObject({
      generation: 3,
    });
    expect(await generations()).toEqual([3]);
    expect(await masterKeyFiles(bank.stateDir).get(3)).toEqual(key);
    expect(existsSync(join(bank.stateDir, 'secrets/master.2.key'))).toBe(false);
    await client.end();
  });

  test('one at a time', async () => {
    const client = new pg.Client({ connectionString: bank.databaseUrl });
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [advisoryLocks.keyRotation]);
    const { code, said } = await run('rotate-master-key');
    expect({ code, said }).toEqual({ code: 1, said: 'Another rotation is under way: wait until it has ended.\n' });
    await client.end();
  });
});
