/** The OpenAPI document and the pages: complete, consistent in itself, and without any outside host. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as accounts from '../src/http/contract/accounts.ts';
import * as audit from '../src/http/contract/audit.ts';
import * as batch from '../src/http/contract/batch.ts';
import type { Call } from '../src/http/contract/call.ts';
import * as money from '../src/http/contract/money.ts';
import * as operationCalls from '../src/http/contract/operations.ts';
import * as sessions from '../src/http/contract/sessions.ts';
import * as staff from '../src/http/contract/staff.ts';
import * as system from '../src/http/contract/system.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let document: Document;
beforeAll(async () => {
  bank = await openBank();
  document = (await bank.client.call(system.openApiDocument)).body as unknown as Document;
});
afterAll(() => bank.close());

const isCall = (value: unknown): value is Call => typeof value === 'object' && value !== null && 'answer' in value;
const calls = [accounts, audit, batch, money, operationCalls, sessions, staff, system].flatMap((group) =>
  Object.values(group).filter(isCall),
);

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
  expect(documented.sort()).toEqual(calls.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
});

test('every call it lists is there, and takes only its methods', async () => {
  for (const [path, method] of operations()) {
    const address = path.replaceAll(/\{\w+\}/g, '1');
    const reply = await bank.client.raw(method.toUpperCase(), address);
    expect([404, 405], `${method} ${path}`).not.toContain(reply.status);
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

test('it says what is answered: the success with its schema, each rejection by its code', () => {
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

test('live, ready and measured', async () => {
  expect((await bank.client.call(system.live)).body).toEqual({ status: 'live' });
  expect((await bank.client.call(system.ready)).body).toMatchObject({ status: 'ready', reasons: [] });
  const { account } = await bank.customer({ cents: 100 });
  const { text, headers } = await bank.client.call(system.metrics);
  expect(headers['content-type']).toMatch(/^text\/plain; version=/);
  expect(text).toMatch(
    /http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/sessions",status="201"\} \d/,
  );
  expect(text).toMatch(/bookkeeper_group_commands_count [1-9]/);
  expect(text).toMatch(/bookkeeper_head [1-9]/);
  expect(text).toMatch(/projector_lag_seconds \d/);
  await bank.client.raw('GET', `/api/v1/audit/accounts/${account}/nothing`);
  await bank.client.raw('PROPFIND', '/odd');
  const after = (await bank.client.call(system.metrics)).text;
  expect(after).not.toContain('PROPFIND');
  expect(after).not.toContain('/nothing');
});
