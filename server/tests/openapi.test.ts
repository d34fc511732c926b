/** The OpenAPI document and the pages: complete, consistent in itself, and without any outside host. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deposit } from '../../api/src/calls/money.ts';
import { freezeAccount } from '../../api/src/calls/operations.ts';
import { logOut } from '../../api/src/calls/sessions.ts';
import { logOutStaff } from '../../api/src/calls/staff.ts';
import * as system from '../../api/src/calls/system.ts';
import { allCalls } from '../../api/tests/support/all-calls.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Sent } from './support/client.ts';

let bank: Bank;
let document: Document;
beforeAll(async () => {
  bank = await openBank();
  document = (await bank.client.call(system.openApiDocument)).body as unknown as Document;
});
afterAll(() => bank.close());

type Operation = {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
const operations = (): [string, string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  );

test('it lists every call of the contract, and no other', () => {
  const documented = operations().map(([path, method, { operationId }]) => `${operationId} ${method} ${path}`);
  expect(documented.sort()).toEqual(allCalls.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
});

test('every call it lists is served, and takes only its methods', async () => {
  for (const [path, method] of operations()) {
    const address = path.replaceAll(/\{\w+\}/g, '1');
    const reply = await bank.client.raw(method.toUpperCase(), address);
    expect(['not_found', 'method_not_allowed'], `${method} ${path}`).not.toContain(reply.body.code);
    const wrong = await bank.client.raw('PUT', address);
    expect(wrong.status).toBe(405);
    const allowed = Object.keys(document.paths[path] ?? {}).map((each) => each.toUpperCase());
    expect(wrong.headers['allow']).toBe(allowed.join(', '));
  }
});

test('every reference in it leads somewhere, and every parameter of a path is declared', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, to]) => to ?? '');
  expect(references.length).toBeGreaterThan(20);
  for (const to of references) {
    const found = to.split('/').reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], document);
    expect(found, to).toBeDefined();
  }
  for (const [path, , { parameters = [] }] of operations()) {
    const declared = parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
    expect(declared.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
});

test('each operation has its answer’s schema, and each rejection by its code', () => {
  const deposit = operations().find(([, , { operationId }]) => operationId === 'deposit')?.[2];
  expect(deposit?.responses['201']?.content).toHaveProperty(['application/json', 'schema']);
  expect(deposit?.responses['423']?.description).toContain('`access_locked`');
  expect(deposit?.responses['409']?.content).toHaveProperty('application/problem+json');
  expect(deposit?.parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key', in: 'header' }));
  expect(document.components.schemas['Amount']).toMatchObject({ type: 'string' });
});

test('the pages load nothing from outside and need no exception from the content policy', async () => {
  for (const page of ['/', '/docs']) {
    const { status, text, headers } = await bank.client.raw('GET', page);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/);
    for (const [, address = ''] of text.matchAll(/(?:src|href)="([^"]*)"/g)) {
      expect(address).toMatch(/^\/(?!\/)/);
      expect((await bank.client.raw('GET', address)).status, address).toBeLessThan(500);
    }
  }
  const script = await bank.client.raw('GET', '/docs/docs.js');
  expect(script.text).toContain('validatorUrl: null');
  expect((await bank.client.raw('GET', '/docs/swagger-ui-bundle.js')).headers['content-type']).toMatch(/javascript/);
});

test('the server says that it is live and ready, and gives its measurements', async () => {
  expect((await bank.client.call(system.live)).body).toEqual({ status: 'live' });
  expect((await bank.client.call(system.ready)).body).toMatchObject({ status: 'ready', reasons: [] });
  expect((await bank.client.call(system.fresh)).body).toMatchObject({ status: 'fresh', reasons: [] });
  const { account } = await bank.customer({ amountMinor: 100n });
  const { text, headers } = await bank.client.call(system.metrics);
  expect(headers['content-type']).toMatch(/^text\/plain; version=/);
  expect(text).toMatch(
    /http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/sessions",status="201"\} \d/,
  );
  expect(text).toMatch(/bookkeeper_batch_commands_count [1-9]/);
  expect(text).toMatch(/bookkeeper_head [1-9]/);
  expect(text).toMatch(/^read_model_lag_seconds \d/m);
  expect(text).toMatch(/^ready 1$/m);
  expect(text).toMatch(/^fresh 1$/m);
  await bank.client.raw('GET', `/api/v1/audit/accounts/${account}/nothing`);
  await bank.client.raw('PROPFIND', '/odd');
  const after = (await bank.client.call(system.metrics)).text;
  expect(after).not.toContain('PROPFIND');
  expect(after).not.toContain('/nothing');
});

test('whatever is asked of any call, the answer is in the document: status, headers and body', async () => {
  const { account, token } = await bank.customer({ amountMinor: 5_000n });
  const other = await bank.customer();
  const tokens = { customer: token, auditor: await bank.staff('auditor'), operator: await bank.staff('operator') };
  const reversible = await bank.client.call(deposit, { token: other.token, body: { amount: '1.00', pin: person.pin } });
  // What an operator does to an account ends its sessions.
  const [closed, frozen] = [await bank.customer(), await bank.customer()];
  await bank.client.call(freezeAccount, {
    ...{ token: tokens.operator, params: { account: frozen.account }, body: { reason: 'why' } },
  });
  const valuesOf = (id: string): Record<string, string> => ({
    account: id === 'closeAccount' ? closed.account : id === 'unfreezeAccount' ? frozen.account : account,
    ...(id === 'freezeAccount' && { account: other.account }),
    ...{ entryId: `${String(reversible.body.position)}.0`, id: '1', level: '0', tile: '000' },
  });
  const bodies: Record<string, unknown> = {
    openAccount: person,
    logIn: { accountNumber: account, pin: person.pin },
    logInStaff: { username: 'auditor-1', password: 'a long password' },
    deposit: { amount: '1.00', pin: person.pin },
    withdraw: { amount: '1.00', pin: person.pin },
    transfer: { to: other.account, amount: '1.00', pin: person.pin, reference: 'loyer' },
    previewTransfer: { to: other.account, amount: '1.00' },
    transferBatch: { transfers: [{ id: '1', from: account, to: other.account, amount: '1.00' }] },
  };
  const answered = new Map<string, Set<number>>();
  for (const call of allCalls) {
    // Those that never end are followed in tests of their own; those that end the session come last.
    if (call.answer.mediaType === 'text/event-stream' || call.method === 'delete') continue;
    const statuses = answered.set(call.id, new Set()).get(call.id);
    const values = valuesOf(call.id);
    const body = call.body && (bodies[call.id] ?? { reason: 'why' });
    const own = tokens[call.who === 'anyone' ? 'customer' : call.who];
    const stranger = call.who === 'customer' ? tokens.auditor : tokens.customer;
    const nowhere = { account: '999999', entryId: '999999.0', id: '999999', level: '9', tile: '999' };
    const odd = { account: 'x', entryId: 'x', id: 'x', level: 'x', tile: 'x' };
    const withBody = body === undefined ? {} : { body };
    const another = call.body && { body: { ...(body as object), reason: 'another', amount: '2.00' } };
    const nonsense = call.body && { body: { nonsense: 1 } };
    const key = randomUUID();
    const sent: readonly Sent[] = [
      { token: own, key, params: values, ...withBody },
      // The same again, where it is a command; another body under its key; nobody; somebody else; nonsense.
      { token: own, key, params: values, ...withBody },
      { token: own, key, params: values, ...another },
      { params: values, ...withBody },
      { token: stranger, params: values, ...withBody },
      { token: own, params: odd, query: { nonsense: 'x' }, ...nonsense },
      { token: own, params: nowhere, ...withBody },
    ];
    for (const one of sent) statuses?.add((await bank.client.call(call, one)).status);
  }
  for (const call of [logOut, logOutStaff]) {
    for (const one of [{ token: tokens[call.who] }, { token: tokens[call.who] }, {}]) await bank.client.call(call, one);
  }
  const carriedOut = [...answered].filter(([, statuses]) => Math.min(...statuses) < 400);
  expect(carriedOut.length, [...answered.keys()].join()).toBeGreaterThan(25);
});

test.each(['/admin/%E0%A4%A', '/atm/%', '/%E0%A4%A', '/docs/%ff', '/api/v1/audit/accounts/%E0%A4%A'])(
  'an address with a malformed percent is a problem: %s',
  async (path) => {
    const reply = await bank.client.raw('GET', path);
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect([400, 404]).toContain(reply.status);
  },
);

test('a server whose reads are not fresh says so as documented', async () => {
  await bank.database.query(`update read.checkpoint set halted = 'a test stopped it'`);
  const { status, body } = await bank.client.call(system.fresh);
  await bank.database.query('update read.checkpoint set halted = null');
  expect(status).toBe(503);
  expect(body.status).toBe('stale');
});
