/** Whatever is sent to any route: a clear problem or an answer, never a failure of the server, never a word about its inside. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deposit } from '../../api/src/calls/money.ts';
import { problemSchema } from '../../api/src/openapi.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

type Schema = Readonly<Record<string, unknown>> & { readonly properties?: Readonly<Record<string, Schema>> };
type Parameter = { readonly name: string; readonly in: 'path' | 'query' | 'header'; readonly schema: Schema };
type Operation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
};

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const runsOfEach = Number(process.env['FUZZ_RUNS'] ?? 60);

let bank: Bank;
let agent: Agent;
let operations: readonly Operation[];
let tokens: readonly string[];
let accounts: readonly string[];
const logged: string[] = [];
beforeAll(async () => {
  const { createLog } = await import('../../ledger/src/log.ts');
  bank = await openBank({ log: createLog('server', 'error', { write: (line) => logged.push(line) }) });
  agent = new Agent({ connect: { ca: bank.authority.ca }, connections: 8 });
  const [one, other] = [await bank.customer({ amountMinor: 100_000n }), await bank.customer({ amountMinor: 100_000n })];
  accounts = [one.account, other.account];
  tokens = [one.token, await bank.staff('operator')];
  const document = JSON.parse((await bank.client.raw('GET', '/openapi.json')).text) as OpenApi;
  operations = operationsOf(document);
});
afterAll(async () => {
  await agent.close();
  await bank.close();
});

type OpenApi = {
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: { readonly schemas: Record<string, Schema> };
};
type Described = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
};

/** Every operation, its schemas with all references followed. */
function operationsOf({ paths, components }: OpenApi): readonly Operation[] {
  const follow = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(follow);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref: reference } = value as { readonly $ref?: string };
    if (reference !== undefined) return follow(components.schemas[reference.split('/').at(-1) ?? '']);
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, follow(part)]));
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      parameters: follow(parameters) as readonly Parameter[],
      body: follow(requestBody?.content['application/json'].schema) as Schema | undefined,
    })),
  );
}

/** Text that has made trouble somewhere before. */
const troubles = [
  ...['', ' ', '0', '-1', '1e309', '1.', '.5', '00', '+1', '９９', '١٢', 'NaN', 'Infinity', 'null', 'undefined'],
  ...[
    '9'.repeat(400),
    'a'.repeat(5_000),
    '\0',
    'x\0y',
    'x\u0001',
    '\ud800',
    '\u202e',
    'é'.normalize('NFD'),
    '🂡'.repeat(50),
  ],
  ...['../../etc/passwd', '%00', '%2e%2e%2f', "' or 1=1 --", '"; drop table read.accounts; --', '${7*7}', '{{7*7}}'],
  ...['<script>alert(1)</script>', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'x\r\nSet-Cookie: a=b'],
  ...[
    '2026-02-30',
    '0000-00-00',
    '+275760-09-13T00:00:00.001Z',
    '9007199254740993',
    '-9223372036854775809',
    'cash:desk',
  ],
  ...['\\', '\t', '{', '{"a":1}', '\u2028', '\ufeff', '\uffff', 'NULL', '\\N', '=1+1', '@sum(1)'],
];
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(...troubles),
);
const anything = fc.oneof(
  { weight: 3, arbitrary: nasty },
  fc.double(),
  fc.bigInt().map(Number),
  fc.constantFrom(
    null,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    { toString: 1 },
    { length: -1 },
    Number.MAX_SAFE_INTEGER + 2,
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Something of this schema, near enough to get past the first checks. */
function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const { type, enum: values, properties, items, example, pattern, anyOf } = schema;
  // Numbers that there are, so that some commands go all the way.
  if (example === '17') return fc.constantFrom('17', ...accounts);
  if (example !== undefined) return fc.oneof(fc.constant(example), fc.constant(example).map(String));
  if (Array.isArray(values)) return fc.constantFrom(...(values as unknown[]));
  if (Array.isArray(anyOf)) return fc.oneof(...(anyOf as Schema[]).map(fitting));
  if (properties !== undefined) {
    return fc.record(Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, fitting(part)])));
  }
  if (type === 'array') return fc.array(fitting(items as Schema), { maxLength: 4 });
  if (type === 'integer') return fc.integer({ min: 0, max: 1_000 });
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern, 'u'));
  return fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), nasty);
}

/** A body as it ought to be, and then not quite. */
const bodyOf = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.oneof(
    fitting(schema),
    anything,
    fc.tuple(fitting(schema), fc.array(fc.tuple(nameIn(schema), anything), { maxLength: 3 })).map(([body, changes]) => {
      if (typeof body !== 'object' || body === null) return body;
      // Not by assignment: that would change this side's own prototypes.
      return Object.fromEntries([...Object.entries(body), ...changes]);
    }),
  );
const nameIn = ({ properties = {} }: Schema): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...Object.keys(properties), 'extra') },
    fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', ''),
    nasty,
  );

/** JSON, and what pretends to be. */
const written = (body: unknown): fc.Arbitrary<Buffer> => {
  const text = JSON.stringify(body);
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(Buffer.from(text)) },
    fc.nat(Math.max(0, text.length - 1)).map((at) => Buffer.from(text.slice(0, at))),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(Buffer.from(text, 'utf16le')),
    fc.constant(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])),
    fc.constant(Buffer.from(`${text}${text}`)),
    fc.nat(3_000).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
    fc.nat(3_000).map((depth) => Buffer.from('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))),
    fc.constant(Buffer.from(text.replace('{', '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},'))),
    fc.constant(Buffer.from(`{"pin":"${'9'.repeat(600_000)}"}`)),
  );
};

const headerText = fc.stringMatching(/^[\x21-\x7e\xa1-\xff]{0,40}$/);
const extraHeaders = fc.dictionary(
  fc.constantFrom(
    ...['accept', 'accept-encoding', 'accept-language', 'origin', 'sec-fetch-site', 'x-forwarded-for', 'forwarded'],
    ...['if-none-match', 'range', 'x-http-method-override', 'cookie', 'last-event-id', 'te', 'referer', 'x-real-ip'],
  ),
  fc.oneof(headerText, fc.constantFrom('*/*', 'bytes=0-0', '127.0.0.1', `__Host-session=${'A'.repeat(43)}`, '; ; =')),
  { maxKeys: 3 },
);
const contentType = fc.oneof(
  { weight: 6, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    ...['application/json; charset=utf-16', 'application/json; charset=utf-7', 'text/plain', 'multipart/form-data', ''],
    ...[
      'application/json;charset=',
      'application/x-www-form-urlencoded',
      'application/vnd.api+json',
      'application/json/x',
    ],
  ),
);

type Shot = {
  readonly url: string;
  readonly body: Buffer | undefined;
  readonly headers: Readonly<Record<string, string>>;
};

function shotsAt({ path, parameters, body }: Operation): fc.Arbitrary<Shot> {
  const value = (schema: Schema): fc.Arbitrary<string> => fc.oneof(fitting(schema).map(String), nasty);
  const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const url = fc
    .tuple(
      fc.tuple(...inPath.map(({ schema }) => value(schema))),
      fc.tuple(...inQuery.map(({ schema }) => fc.option(value(schema)))),
      fc.option(fc.tuple(nasty, nasty), { freq: 4 }),
    )
    .map(([paths, queries, extra]) => {
      const filled = inPath.reduce(
        (text, { name }, at) => text.replace(`{${name}}`, encode(paths[at] ?? '') || '%20'),
        path,
      );
      const pairs = inQuery.flatMap(({ name }, at) =>
        queries[at] === null || queries[at] === undefined ? [] : [`${name}=${encode(queries[at])}`],
      );
      if (extra !== null) pairs.push(`${encode(extra[0])}=${encode(extra[1])}`);
      return pairs.length === 0 ? filled : `${filled}?${pairs.join('&')}`.slice(0, 12_000);
    });
  const sent = body === undefined ? fc.constant(undefined) : bodyOf(body).chain((value_) => written(value_ ?? null));
  const key = fc.oneof({ weight: 4, arbitrary: fc.uuid() }, headerText);
  const token = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...tokens) }, headerText);
  return fc
    .tuple(url, sent, extraHeaders, contentType, key, token)
    .map(([to, bytes, extra, type, idempotency, bearer]) => ({
      url: to,
      body: bytes,
      headers: {
        ...extra,
        ...(bytes !== undefined && type !== '' && { 'content-type': type }),
        'idempotency-key': idempotency,
        authorization: `Bearer ${bearer}`,
      },
    }));
}

/** Words that only a failure inside would let out. */
const inside =
  /\n\s+at |node_modules|node:internal|\/src\/|TypeError|RangeError|SyntaxError|ZodError|ECONN|pg_|select .+ from|relation "/i;

async function shoot(method: string, { url, body, headers }: Shot, origin = bank.client.origin): Promise<void> {
  const reply = await request(origin + url, {
    ...{ dispatcher: agent, method: method, headers, body: body ?? null },
    maxRedirections: 0,
  } as Parameters<typeof request>[1] & object);
  const what = `${method} ${url.slice(0, 300)}\n${body?.subarray(0, 300).toString() ?? ''}`;
  const type = String(reply.headers['content-type']);
  if (type.startsWith('text/event-stream')) {
    reply.body.on('error', () => undefined).destroy();
    return;
  }
  const text = await reply.body.text();
  // Slowed down is an answer, too; anything else above 499 is a failure.
  expect(reply.statusCode === 503 || reply.statusCode < 500, `${String(reply.statusCode)} for ${what}\n${text}`).toBe(
    true,
  );
  expect(reply.headers['x-content-type-options'], what).toBe('nosniff');
  if (reply.statusCode < 400) return;
  expect(type, what).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(JSON.parse(text));
  expect(problem.status, what).toBe(reply.statusCode);
  expect(problem.detail, what).not.toMatch(inside);
  expect(JSON.stringify(problem.errors ?? []), what).not.toMatch(inside);
}

/** Nothing failed inside and was covered up outside; what was let in has been projected, whatever was in it. */
async function isWhole(): Promise<void> {
  expect(logged, `seed ${String(seed)}`).toEqual([]);
  const { token } = await bank.customer();
  expect((await bank.client.call(deposit, { token, body: { amount: '1', pin: person.pin } })).status).toBe(201);
  expect((await bank.client.raw('GET', '/health/ready')).body).toMatchObject({ status: 'ready', reasons: [] });
  expect(Object.keys(Object.prototype)).toEqual([]);
}

test(
  'every field of every route takes every known trouble, everything around it being right',
  { timeout: 240_000 },
  async () => {
    for (const operation of operations.filter(({ id }) => !id.startsWith('logOut'))) {
      for (const [slot, shots] of troubledShots(operation)) {
        // Limits of speed are a server's own: a new one for each field lets every value through to what it is about.
        await bank.database.query('delete from access.payee_uses');
        const server = limited.has(operation.id) ? await bank.startServer() : undefined;
        for (let at = 0; at < shots.length; at += 8) {
          await Promise.all(
            shots.slice(at, at + 8).map((shot) => shoot(operation.method, shot, server?.client.origin)),
          );
        }
        await server?.stop();
        if (slot === 'reference' || slot === 'reason') await isWhole();
      }
    }
    await isWhole();
  },
);

const limited = new Set(['logIn', 'openAccount', 'logInStaff', 'previewTransfer']);

/** For each field of the path, the query and the body: a request for each trouble in it. */
function troubledShots({
  path,
  parameters,
  body,
}: Operation): readonly (readonly [slot: string, shots: readonly Shot[]])[] {
  const [customer = '', operator = ''] = tokens;
  const isCustomers = /accounts\/me|sessions\/current/.test(path);
  const right = (schema: Schema): unknown => fc.sample(fitting(schema), { numRuns: 1, seed })[0];
  const inUrl = parameters.filter((parameter) => parameter.in !== 'header');
  const known: Readonly<Record<string, unknown>> = { pin: person.pin, to: accounts[1] };
  const whole = Object.fromEntries(
    Object.entries(body?.properties ?? {}).map(([name, part]) => [name, known[name] ?? right(part)]),
  );
  const shot = (slot: string, trouble: string): Shot => {
    const value = (name: string, schema: Schema): string =>
      encodeURIComponent((name === slot ? trouble : String(right(schema))).toWellFormed());
    const filled = inUrl
      .filter((parameter) => parameter.in === 'path')
      .reduce((text, { name, schema }) => text.replace(`{${name}}`, value(name, schema) || '%20'), path);
    const query = inUrl.find((parameter) => parameter.in === 'query' && parameter.name === slot);
    return {
      url: query === undefined ? filled : `${filled}?${slot}=${value(slot, query.schema)}`,
      body: body && Buffer.from(JSON.stringify(slot in whole ? { ...whole, [slot]: trouble } : whole)),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        'idempotency-key': crypto.randomUUID(),
        authorization: `Bearer ${isCustomers ? customer : operator}`,
      },
    };
  };
  return [...inUrl.map(({ name }) => name), ...Object.keys(whole)].map((slot) => [
    slot,
    troubles.map((trouble) => shot(slot, trouble)),
  ]);
}

test('every route takes whatever comes', { timeout: 240_000, retry: 0 }, async () => {
  expect(operations.length).toBeGreaterThan(30);
  for (const operation of operations) {
    // Ends the session, and every shot after it would be rejected for want of it.
    if (operation.id.startsWith('logOut')) continue;
    const shots = fc.sample(shotsAt(operation), { numRuns: runsOfEach, seed });
    for (let at = 0; at < shots.length; at += 8) {
      await Promise.all(shots.slice(at, at + 8).map((shot) => shoot(operation.method, shot)));
    }
  }
  await isWhole();
});

test('the folder of certificates is not served, nor anything else outside of the pages', async () => {
  const key = readFileSync(join(bank.authority.certsDir, 'server.key'), 'utf8');
  for (const path of [
    '/certs/server.key',
    '/atm/../../certs/server.key',
    '/atm/%2e%2e/%2e%2e/certs/server.key',
    '/.env',
  ]) {
    const reply = await bank.client.raw('GET', path);
    expect(reply.text).not.toContain(key.slice(30, 60));
    expect([403, 404]).toContain(reply.status);
  }
});
