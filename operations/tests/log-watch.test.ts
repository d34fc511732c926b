/** A bank with a signer: how far it has signed is measured and shown, and one that has stopped says so everywhere and ends nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOverview } from '../../api/src/calls/bank-overview.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { metrics, ready } from '../../api/src/calls/system.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { parsePolicy } from '../../ledger/src/transparency/policy.ts';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank, person } from '../../server/tests/support/bank.ts';
import { journalConnection, signerConnection } from '../src/signer/connection.ts';
import { runSigner } from '../src/signer/signer.ts';
import { askWitnesses } from '../src/signer/witnesses.ts';
import type { Witness } from '../src/witness/witness.ts';
import { startWitness } from '../src/witness/witness.ts';
import { logKey } from './signed-journal.ts';

const log = pino({ enabled: false });
let bank: Bank;
let folder: string;
let witness: Witness;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-log-'));
  bank = await openBank();
  witness = await startWitness({ name: 'w', logs: [logKey], dir: join(folder, 'w'), port: 0, log });
});
afterAll(async () => {
  await witness.close();
  await bank.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs until it is told to end; gives why it ended. */
function startSigner(): () => Promise<unknown> {
  const end = new AbortController();
  const pool = new pg.Pool(journalConnection(bank.logIns.signer));
  pool.on('error', () => undefined);
  const journal = openJournal(bank.eventLog, pool);
  const ended = runSigner({
    ...{ journal, log, key: logKey, signedFile: join(folder, 'signed'), signal: end.signal },
    connection: () => new pg.Client(signerConnection(bank.logIns.signer)),
    cosign: askWitnesses({ policy: parsePolicy(`${witness.policyLine}\nquorum w`, 'test'), log }),
  }).catch((error: unknown) => error);
  return async () => {
    end.abort();
    const why = await ended;
    await journal.close();
    await pool.end();
    return why;
  };
}

const measured = async (name: string): Promise<number> =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await bank.client.call(metrics)).text)?.[1] ?? Number.NaN);
const overviewed = async () => (await bank.client.call(readOverview, { token: await auditor() })).body.log;
let token: string | undefined;
const auditor = async (): Promise<string> => (token ??= await bank.staff('auditor'));

test('how far it is signed and cosigned is measured and shown; a signer that has stopped says why to auditors', async () => {
  const { token: customer } = await bank.customer({ amountMinor: 100n });
  expect(await overviewed()).toBeUndefined();
  expect(await measured('log_signed_size')).toBe(0);
  const stop = startSigner();
  await expect.poll(() => measured('log_cosigned_size')).toBeGreaterThan(0);
  await expect.poll(() => measured('log_unsigned_seconds')).toBe(0);
  expect(await measured('log_cosigned_size')).toBe(await measured('bookkeeper_head'));
  expect(Math.abs((await measured('log_signed_timestamp_seconds')) - Date.now() / 1000)).toBeLessThan(60);
  const size = await measured('log_signed_size');
  expect(await overviewed()).toMatchObject({
    origin: logKey.name,
    signed: { size },
    cosigned: { size, at: expect.stringMatching(/^20\d\d-.*Z$/) as unknown },
    stopped: null,
    trouble: null,
  });
  expect((await bank.client.call(ready)).body.warnings.map(({ code }) => code)).not.toContain('log_behind');
  expect(await stop()).toBeUndefined();

  // Nobody signs: what came since waits.
  await bank.client.call(deposit, { token: customer, body: { amount: '1.00', pin: person.pin } });
  await expect.poll(() => measured('log_unsigned_seconds')).toBeGreaterThan(1);
  expect(await measured('log_uncosigned_seconds')).toBeGreaterThan(1);
  expect(await measured('log_stopped')).toBe(0);

  // Somebody exchanges the note: the next signer stops.
  const owner = await bank.database.connect();
  await owner.query(`set session_replication_role = 'replica'; update log.checkpoint set note = 'x'`);
  owner.release(true);
  const stopped = startSigner();
  await expect.poll(() => measured('log_stopped')).toBe(1);
  expect(String(await stopped())).toContain('the checkpoint in the database is not the one that was signed');
  expect(await overviewed()).toMatchObject({
    trouble: 'stopped',
    stopped: 'the checkpoint in the database is not the one that was signed',
  });
  // Commands are taken; whoever asks may be anybody, and learns that it stopped, not why.
  const health = await bank.client.call(ready);
  expect([health.status, health.body.status]).toEqual([200, 'ready']);
  expect(health.body.warnings).toContainEqual({
    code: 'log_behind',
    detail: `The signer has stopped after ${String(size)} events. Its log says why.`,
  });
  const paid = await bank.client.call(deposit, { token: customer, body: { amount: '1.00', pin: person.pin } });
  expect(paid.status).toBe(201);
});
