/** The database goes away and comes back: clear answers meanwhile, and the server mends itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Line } from '../../tests/support/line.ts';
import { openLine } from '../../tests/support/line.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { fresh, metrics, ready } from '../../api/src/calls/system.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Client } from './support/client.ts';

const { pin } = person;
let bank: Bank;
let line: Line;
let client: Client;
beforeAll(async () => {
  bank = await openBank();
  line = await openLine(bank.databaseUrl);
  client = (await bank.startServer({ databaseUrl: line.url })).client;
});
afterAll(async () => {
  await bank.close();
  await line.close();
});

test('503 while it is away, no stack, and everything works again once it is back', async () => {
  const { token } = await bank.customer({ amountMinor: 1_000n });
  expect((await client.call(deposit, { token, body: { amount: '1', pin } })).status).toBe(201);
  line.cut();
  const away = await client.call(readOwnAccount, { token });
  expect(away.body).toMatchObject({ code: 'unavailable', status: 503 });
  expect(away.headers['retry-after']).toBe('2');
  expect(away.text).not.toMatch(/at .*\.ts|ECONN|postgres/);
  const unready = await client.call(ready);
  expect(unready.status).toBe(503);
  expect(unready.body).toMatchObject({
    status: 'not_ready',
    reasons: expect.arrayContaining(['The database does not answer.']) as string[],
  });
  expect((await client.raw('GET', '/health/live')).status).toBe(200);
  line.mend();
  const back = await client.call(deposit, {
    token,
    key: 'after the outage'.replaceAll(' ', '-'),
    body: { amount: '1', pin },
  });
  expect(back.body.balance).toBe('12.00');
  expect((await client.call(ready)).status).toBe(200);
});

test('a command under way when the line is cut is answered once it is mended, and done once', async () => {
  const { token } = await bank.customer();
  const commands = Array.from({ length: 40 }, (_, n) =>
    client.call(deposit, { token, key: `under-way-${String(n)}`, body: { amount: '1', pin } }),
  );
  await sleep(15);
  line.cut();
  await sleep(300);
  line.mend();
  for (const [n, command] of commands.entries()) {
    const first = await command;
    const settled =
      first.status === 201
        ? first
        : await client.call(deposit, { token, key: `under-way-${String(n)}`, body: { amount: '1', pin } });
    expect(settled.status).toBe(201);
  }
  const after = (await client.call(deposit, { token, body: { amount: '1', pin } })).body;
  expect(after.balance).toBe('41.00');
});

test.each(['cut', 'mute'] as const)(
  'a server whose database is %s says so within seconds, and ends in order',
  async (how) => {
    const broken: Error[] = [];
    const ownLine = await openLine(bank.logIns.server);
    const server = await bank.startServer({ databaseUrl: ownLine.url, onBroken: (error) => broken.push(error) });
    const { token } = await bank.customer();
    expect((await server.client.call(deposit, { token, body: { amount: '1', pin } })).status).toBe(201);
    ownLine[how]();
    await expect
      .poll(async () => (await server.client.call(ready)).body.reasons, { timeout: 10_000 })
      .toContain(
        // An event log elsewhere is still there.
        testEventLog().eventLogUrl === undefined ? 'The journal cannot be reached.' : 'The database does not answer.',
      );
    const begunMs = performance.now();
    await server.stop();
    // Generous, and less than the guard that ends the process by force.
    expect(performance.now() - begunMs).toBeLessThan(18_000);
    expect(broken).toEqual([]);
    await ownLine.close();
  },
);

test('a projector that has stopped leaves the server ready for commands, and says where it stopped, but nobody’s balance', async () => {
  const { token } = await bank.customer();
  await bank.stopProjector();
  await bank.database.query(
    `update read.checkpoint set halted = 'after position 7: account 17 is at posting 3, but the journal goes on from 2'`,
  );
  const reason = 'The projector has stopped (after position 7)';
  const stale = await client.call(fresh);
  expect(stale.status).toBe(503);
  expect(stale.body.reasons).toEqual([expect.stringContaining(reason)]);
  expect(stale.text).not.toContain('17');
  const unmoved = await client.call(ready);
  expect(unmoved.status).toBe(200);
  expect(unmoved.body).toMatchObject({ status: 'ready', reasons: [] });
  expect(unmoved.body.warnings).toContainEqual({
    code: 'read_model_behind',
    detail: expect.stringContaining(reason) as string,
  });
  const done = await client.call(deposit, { token, body: { amount: '1', pin } });
  expect(done.status).toBe(201);
  // What waits for it is told so, and for how long to wait.
  const early = await client.call(readOwnAccount, { token, query: { after: done.body.position } });
  expect(early.body).toMatchObject({ code: 'read_model_behind', status: 503 });
  expect(early.headers['retry-after']).toBe('2');
  await bank.database.query('update read.checkpoint set halted = null');
  bank.startProjector();
  await expect.poll(async () => (await client.call(fresh)).status).toBe(200);
});

test('a read model that is more than ten seconds behind is stale, with the lag, and the server stays ready', async () => {
  const { token } = await bank.customer();
  await bank.stopProjector();
  await client.call(deposit, { token, body: { amount: '1', pin } });
  await expect.poll(async () => (await client.call(fresh)).status).toBe(503);
  const { body } = await client.call(fresh);
  expect(body.lagSeconds).toBeGreaterThan(10);
  expect(body.reasons).toEqual([expect.stringMatching(/^The read model is \d+ seconds behind the journal/)]);
  expect(body.head).toBeGreaterThan(body.readModel ?? 0);
  expect((await client.call(ready)).body).toMatchObject({ status: 'ready', reasons: [] });
  expect((await client.call(metrics)).text).toMatch(/^ready 1\n[^]*^fresh 0$/m);
  bank.startProjector();
  await expect.poll(async () => (await client.call(fresh)).status).toBe(200);
});
