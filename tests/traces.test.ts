/** Traces of a whole bank: from the call through the append to the read model, nothing personal in them, and never in the way. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openAccount } from '../api/src/calls/accounts.ts';
import { deposit, transfer, withdraw } from '../api/src/calls/money.ts';
import { freezeAccount } from '../api/src/calls/operations.ts';
import { logIn } from '../api/src/calls/sessions.ts';
import { freePort } from '../operations/src/free-port.ts';
import type { Bank } from '../server/tests/support/bank.ts';
import { openBank } from '../server/tests/support/bank.ts';
import type { Client } from '../server/tests/support/client.ts';
import { connect } from '../server/tests/support/client.ts';
import type { CollectedSpan, Collector } from './support/collector.ts';
import { startCollector } from './support/collector.ts';
import { unmistakablePerson as person } from './support/unmistakable-person.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
  await bank.stopProjector();
});
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});
afterAll(() => bank.close());

type Process = {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Its exit code. */
  readonly end: () => Promise<number | null>;
};

/** Server or projector as a process of its own, once it is ready. */
async function start(main: string, env: NodeJS.ProcessEnv): Promise<Process> {
  const child = fork(new URL(`../${main}`, import.meta.url), {
    env: {
      PATH: process.env['PATH'],
      SERVER_DATABASE_URL: bank.logIns.server,
      PROJECTOR_DATABASE_URL: bank.logIns.projector,
      EVENT_LOG_URL: bank.eventLog.eventLogUrl ?? '',
      LEDGER: bank.eventLog.ledger,
      HOST: 'localhost',
      CERTS_DIR: bank.authority.certsDir,
      STATE_DIR: bank.stateDir,
      TERMINALS: 'demo',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (text += data.toString()));
  const end = (): Promise<number | null> => {
    child.kill('SIGTERM');
    return exited;
  };
  ending.push(end);
  const first = await Promise.race([once(child, 'message'), exited]);
  expect(first, text).toEqual([{ ready: true }, undefined]);
  return { child, output: () => text, end };
}

type Traced = { readonly server: Process; readonly projector: Process; readonly port: number };

async function startBoth(env: NodeJS.ProcessEnv): Promise<Traced> {
  const port = await freePort();
  const projector = await start('projections/src/main.ts', env);
  return { projector, port, server: await start('server/src/main.ts', { ...env, PORT: String(port) }) };
}

function clientOf({ port }: Traced, certificate = {}): Client {
  const client = connect(port, { ca: bank.authority.ca, ...certificate });
  ending.push(() => client.close());
  return client;
}

async function collector(options: { readonly answers: boolean }): Promise<Collector> {
  const started = await startCollector(options);
  ending.push(() => started.close());
  return started;
}

const toJson = (url: string): NodeJS.ProcessEnv => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_BSP_SCHEDULE_DELAY: '100',
});

const { pin } = person;

/** An account, and a session on it. */
async function opened(client: Client): Promise<{ readonly account: string; readonly token: string }> {
  const { body } = await client.call(openAccount, { body: person });
  const session = await client.call(logIn, { body: { accountNumber: body.accountNumber, pin } });
  return { account: body.accountNumber, token: session.body.token };
}

const traceOf = (reply: { readonly headers: Readonly<Record<string, unknown>> }): string =>
  String(reply.headers['x-correlation-id']).replaceAll('-', '');

/** Those of one trace, by their names. */
const inTrace = (spans: readonly CollectedSpan[], traceId: string): Readonly<Record<string, CollectedSpan>> =>
  Object.fromEntries(spans.filter((span) => span.traceId === traceId).map((span) => [span.name, span]));

/** The read model has come to the end of the journal. */
const isProjected = (): Promise<void> =>
  vi.waitFor(
    async () => {
      const { rows } = await bank.database.query('select position from read.checkpoint');
      expect(rows).toEqual([{ position: String((await bank.history()).length) }]);
    },
    { timeout: 30_000 },
  );

const depositName = 'POST /api/v1/accounts/me/deposits';

test('one trace leads from the call through the append to the read model, found by the correlation id', async () => {
  const traces = await collector({ answers: true });
  const both = await startBoth(toJson(traces.url));
  const client = clientOf(both);
  const { token } = await opened(client);
  const [first, second] = await Promise.all([
    client.call(deposit, { token, body: { amount: '75.31', pin } }),
    client.call(deposit, { token, body: { amount: '86.42', pin } }),
  ]);
  const declined = await client.call(withdraw, { token, body: { amount: '900', pin } });
  await vi.waitFor(
    () => {
      const names = Object.keys(inTrace(traces.spans(), traceOf(declined))).sort();
      expect(names).toEqual(['POST /api/v1/accounts/me/withdrawals', 'append', 'command', 'project']);
    },
    { timeout: 30_000 },
  );
  const spans = traces.spans();
  for (const reply of [first, second]) {
    const { [depositName]: route, command, append, project } = inTrace(spans, traceOf(reply));
    expect(route).toMatchObject({
      service: 'grand-livre-server',
      attributes: { 'http.route': '/api/v1/accounts/me/deposits', 'http.response.status_code': '201' },
    });
    expect(route?.parentSpanId ?? '').toBe('');
    expect(command).toMatchObject({
      parentSpanId: route?.spanId,
      attributes: {
        'grand_livre.command': 'Deposit',
        'grand_livre.outcome': 'accepted',
        'grand_livre.position': String(reply.body.position),
      },
    });
    expect(append).toMatchObject({ parentSpanId: command?.spanId, attributes: { 'grand_livre.append': 'written' } });
    expect(project).toMatchObject({ parentSpanId: route?.spanId, service: 'grand-livre-projector' });
    // Whichever of a group: the first one's append names all of its commands, each other's the first.
    const named = [append, ...spans.filter(({ spanId }) => spanId === append?.links[0]?.spanId)].flatMap(
      (span) => span?.links.map(({ spanId }) => spanId) ?? [],
    );
    expect(named).toContain(command?.spanId);
  }
  expect(inTrace(spans, traceOf(declined))['command']?.attributes).toMatchObject({
    'grand_livre.command': 'Withdraw',
    'grand_livre.outcome': 'insufficient_funds',
  });
  // Nothing of it is in the journal: an event has the same fields as ever.
  const events = await bank.history();
  expect(new Set(events.flatMap(({ metadata }) => Object.keys(metadata)))).toEqual(
    new Set([
      'commandId',
      'requestHash',
      'actor',
      'terminal',
      'recordedAt',
      'valueDate',
      'correlationId',
      'mac',
      'schemaVersion',
    ]),
  );
});

test('no secret, no name, no account, no amount and no key reaches the collector', async () => {
  const traces = await collector({ answers: true });
  const both = await startBoth({ ...toJson(traces.url), OTEL_EXPORTER_OTLP_HEADERS: 'x-collector=forthecollector' });
  const client = clientOf(both);
  const { account, token } = await opened(client);
  const other = await opened(client);
  const key = 'key-nobody-else-knows';
  const staffToken = await bank.staff('operator');
  await client.call(deposit, { token, key, body: { amount: '7531.09', pin } });
  await client.call(deposit, { token, key, body: { amount: '7531.09', pin } });
  await client.call(deposit, { token, body: { amount: '1', pin: '9753' } });
  await client.call(transfer, {
    token,
    body: { to: other.account, amount: '86.43', pin, reference: 'Pour Clothilde' },
  });
  await client.call(transfer, { token, body: { to: '99887766', amount: '86.43', pin } });
  for (let n = 0; n < 4; n += 1) await client.call(logIn, { body: { accountNumber: other.account, pin: '9753' } });
  await client.call(freezeAccount, {
    ...{ token: staffToken, params: { account } },
    body: { reason: 'Clothilde asked for it' },
  });
  await client.raw('GET', `/api/v1/audit/accounts/${account}?query=Quidproquo`, {
    headers: { authorization: `Bearer ${staffToken}`, traceparent: `00-${'75310909'.repeat(4)}-7531090975310909-01` },
  });
  await client.raw('POST', '/api/v1/sessions', {
    headers: { 'content-type': 'application/json' },
    body: '{"pin":8642',
  });
  const last = await client.call(deposit, { token: other.token, body: { amount: '2', pin } });
  await vi.waitFor(
    () => {
      expect(Object.keys(inTrace(traces.spans(), traceOf(last)))).toContain(
        last.status === 201 ? 'project' : depositName,
      );
    },
    { timeout: 30_000 },
  );
  expect(await both.server.end()).toBe(0);
  expect(await both.projector.end()).toBe(0);
  expect(traces.spans().map(({ attributes }) => attributes['grand_livre.command'])).toContain('LockAccess');
  const positions = new Set((await bank.history()).map(({ position }) => String(position)));
  for (const { name, attributes } of traces.spans()) {
    expect(name).toMatch(/^(command|append|project|[A-Z]+ \/api\/v1\/[a-z/{}N-]*)$/i);
    for (const [attribute, value] of Object.entries(attributes)) {
      expect(value, attribute).toMatch(patterns[attribute] ?? /^never$/);
      if (attribute === 'grand_livre.position') expect(positions).toContain(value);
    }
  }
  const told = traces.received().replaceAll(/"(?:traceId|spanId|parentSpanId|\w+TimeUnixNano)":"\w*"/g, '');
  expect(told).toContain('forthecollector');
  for (const secret of [
    ...['8642', '9753', token, other.token, staffToken, key, 'key-nobody', '99887766'],
    ...[person.lastName, person.firstName, 'Introuvable', person.city, person.landline, person.mobile, '97531'],
    ...['Clothilde', '7531', '86.43', 'operator-', 'main.ts', bank.stateDir],
  ]) {
    expect(told.includes(secret), secret).toBe(false);
  }
});

/** All that a span may say. An account number would be as short as a position: nothing else of digits is there. */
const patterns: Readonly<Record<string, RegExp>> = {
  'http.request.method': /^(GET|POST|PUT|DELETE)$/,
  'http.route': /^\/api\/v1\/[a-z/{}-]+$/i,
  'http.response.status_code': /^[1-5]\d\d$/,
  'error.type': /^[a-z_]+$/,
  'grand_livre.command': /^[A-Z][A-Za-z]+$/,
  'grand_livre.outcome': /^[a-z_]+$/,
  'grand_livre.position': /^\d+$/,
  'grand_livre.append': /^(written|conflict|unknown)$/,
  'grand_livre.batch.commands': /^\d+$/,
  'grand_livre.batch.events': /^\d+$/,
  'grand_livre.batch.last_position': /^\d+$/,
};

test('a caller’s own trace is linked where the bank issued its certificate, and never joined', async () => {
  const traces = await collector({ answers: true });
  const both = await startBoth(toJson(traces.url));
  const theirs = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
  const headers = { traceparent: `00-${theirs.traceId}-${theirs.spanId}-00` };
  const known = clientOf(both, await bank.authority.terminal('gare-du-nord-4'));
  const { token } = await opened(known);
  const linked = await known.call(deposit, { token, body: { amount: '1', pin }, headers });
  const malformed = await known.call(deposit, { token, body: { amount: '1', pin }, headers: { traceparent: 'no' } });
  const stranger = clientOf(both);
  const another = await opened(stranger);
  const ignored = await stranger.call(deposit, { token: another.token, body: { amount: '1', pin }, headers });
  const routeOf = (reply: typeof linked) => inTrace(traces.spans(), traceOf(reply))[depositName];
  await vi.waitFor(
    () => {
      expect(routeOf(linked)?.links).toEqual([theirs]);
      expect(routeOf(malformed)?.links).toEqual([]);
      expect(routeOf(ignored)?.links).toEqual([]);
    },
    { timeout: 30_000 },
  );
  expect(traces.spans().filter(({ traceId }) => traceId === theirs.traceId)).toEqual([]);
});

test('server and projector record the same traces of a sample', async () => {
  const traces = await collector({ answers: true });
  const both = await startBoth({
    ...toJson(traces.url),
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
  });
  const client = clientOf(both);
  const { token } = await opened(client);
  const ids: string[] = [];
  for (let n = 0; n < 24; n += 1) ids.push(traceOf(await client.call(deposit, { token, body: { amount: '1', pin } })));
  expect(await both.server.end()).toBe(0);
  await isProjected();
  expect(await both.projector.end()).toBe(0);
  const spans = traces.spans();
  const recorded = ids.filter((id) => spans.some(({ traceId }) => traceId === id));
  // All or none of 24 tosses: once in eight million runs.
  expect(recorded.length).toBeGreaterThan(0);
  expect(recorded.length).toBeLessThan(ids.length);
  for (const id of recorded) {
    expect(Object.keys(inTrace(spans, id)).sort()).toEqual([depositName, 'append', 'command', 'project']);
  }
});

test.each(['takes and never answers', 'is not there'])('a collector that %s keeps nobody waiting', async (how) => {
  const silent = await collector({ answers: false });
  const isThere = how !== 'is not there';
  const url = isThere ? silent.url : `http://127.0.0.1:${String(await freePort())}`;
  const both = await startBoth({
    ...toJson(url),
    OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
    OTEL_BSP_EXPORT_TIMEOUT: '60000',
    OTEL_BSP_MAX_QUEUE_SIZE: '20',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
  });
  const client = clientOf(both);
  const { token } = await opened(client);
  for (let round = 0; round < 10; round += 1) {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => client.call(deposit, { token, body: { amount: '1', pin } })),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 201));
  }
  await isProjected();
  if (isThere) expect(silent.connections()).toBeGreaterThan(0);
  else {
    await vi.waitFor(
      () => {
        expect(both.server.output()).toContain('traces are incomplete');
      },
      { timeout: 30_000 },
    );
  }
  // The server's own guard would end it after 20 seconds, with 1.
  expect(await Promise.all([both.server.end(), both.projector.end()])).toEqual([0, 0]);
});

test('a collector’s address that is none costs the traces and not the start', async () => {
  const both = await startBoth({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:collectorspassword@',
    OTEL_TRACES_EXPORTER: 'otlp',
  });
  const { token } = await opened(clientOf(both));
  expect(token).not.toBe('');
  expect(await both.server.end()).toBe(0);
  expect(both.server.output()).toContain('traces are incomplete');
  expect(both.server.output()).not.toContain('collectorspassword');
});

test('while traces are off no process loads OpenTelemetry’s SDK', async () => {
  const file = (name: string): string => join(bank.stateDir, `modules-${name}`);
  const preload = `--import=${new URL('./support/list-modules.ts', import.meta.url).href}`;
  const loadedBy = async (name: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> => {
    const more = { ...env, NODE_OPTIONS: preload, MODULES_FILE: file(name), PORT: String(await freePort()) };
    const started = await start(name === 'projector' ? 'projections/src/main.ts' : 'server/src/main.ts', more);
    expect(await started.end()).toBe(0);
    return readFileSync(file(name), 'utf8').split('\n');
  };
  // The metrics' library asks for OpenTelemetry's API, which does nothing alone.
  const isOfSdk = (url: string): boolean => /@opentelemetry\/(?!api\/)/.test(url);
  for (const env of [
    {},
    { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' },
    { OTEL_TRACES_EXPORTER: 'none' },
  ]) {
    for (const name of ['projector', 'server']) {
      const loaded = await loadedBy(name, env);
      expect(loaded.some((url) => url.endsWith(`/ledger/src/journal/open-journal.ts`))).toBe(true);
      expect(loaded.filter(isOfSdk)).toEqual([]);
    }
  }
  const on = await loadedBy('server', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(await freePort())}` });
  expect(on.filter(isOfSdk)).not.toEqual([]);
});
