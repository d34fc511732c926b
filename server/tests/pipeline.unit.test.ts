/** The request pipeline: every check of a call in its documented order, and the handler only after all of them. */
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Call } from '../../api/src/call.ts';
import type { RequestContext, Route } from '../src/http/pipeline.ts';
import type { Terminal } from '../src/http/terminal.ts';
import type { Served } from './support/app.ts';
import { guardsOf, serve, sessions, staff, tokenOf } from './support/app.ts';

/** A call with everything there is to check. */
const whole: Call = {
  id: 'whole',
  method: 'post',
  path: '/whole/{item}',
  group: 'Money',
  summary: 'Everything at once',
  who: 'customer',
  terminal: true,
  command: true,
  rate: { source: { burst: 100, perSecond: 0.001 }, subject: { burst: 2, perSecond: 0.001, in: 'session' } },
  begins: 'customer',
  params: z.strictObject({ item: z.string().check(z.regex(/^\d+$/)) }),
  query: z.strictObject({ limit: z.optional(z.coerce.number().check(z.int(), z.maximum(10))) }),
  body: z.strictObject({ amount: z.string() }),
  bodyLimitBytes: 64,
  answer: { status: 201, description: 'Done', schema: z.strictObject({ done: z.literal(true) }) },
  rejections: [],
};

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

const seen: RequestContext<Call>[] = [];
function routeOf(call: Call): Route {
  return {
    call,
    handle(context) {
      seen.push(context);
      return Promise.resolve({ body: { done: true } });
    },
  };
}

async function open(
  changes: Partial<Call> = {},
  { terminals, terminal }: { terminals?: 'demo' | 'required'; terminal?: Terminal } = {},
): Promise<Served> {
  seen.length = 0;
  served = await serve([routeOf({ ...whole, ...changes })], {
    guards: guardsOf(terminals),
    ...(terminal !== undefined && { terminalOf: () => terminal }),
  });
  return served;
}

const [customer, other, atTerminal, mustChange] = sessions;
const [auditor, operator] = staff as [(typeof staff)[0], (typeof staff)[0]];
const good = {
  authorization: `Bearer ${customer.token}`,
  'content-type': 'application/json',
  'idempotency-key': 'key-1',
};
const body = JSON.stringify({ amount: '1' });

test('hands the handler everything that was checked', async () => {
  const { send } = await open();
  const response = await send('POST', '/whole/7?limit=3', { headers: good, body });
  expect(response).toMatchObject({ status: 201, body: { done: true } });
  expect(seen).toEqual([
    {
      params: { item: '7' },
      query: { limit: 3 },
      body: { amount: '1' },
      received: { amount: '1' },
      caller: customer,
      key: 'key-1',
      formerToken: customer.token,
      terminal: 'desk',
      isCertified: false,
      takesGzip: false,
      ...{ address: '192.0.2.1', source: '192.0.2.1', device: undefined },
      correlationId: response.headers['x-correlation-id'],
      signal: expect.any(AbortSignal) as AbortSignal,
    },
  ]);
});

test('rejects in the documented order: what comes first is said though everything after it is wrong as well', async () => {
  // From the last check to the first, each wrong beside all that were wrong before.
  const revoked: Terminal = { name: 't-1', status: 'revoked' };
  const unknown: Terminal = { name: 'desk', status: 'unknown' };
  const codeOf = async (
    request: { path: string; headers: Record<string, string>; body: string },
    options: Parameters<typeof open>[1],
    calls = 1,
    changes: Partial<Call> = {},
  ): Promise<string | undefined> => {
    const { send, close } = await open(changes, options);
    let code: string | undefined;
    for (let n = 0; n < calls; n++) code = (await send('POST', request.path, request)).body.code;
    await close();
    return code;
  };
  const right = { path: '/whole/7', headers: good, body };
  const desk = { terminals: 'demo', terminal: unknown } as const;
  const noBurst = { rate: { source: { burst: 0, perSecond: 1 } } };

  expect(await codeOf(right, desk, 3), 'too much for one account').toBe('too_many_requests');
  const noKey = { ...right, headers: { ...good, 'idempotency-key': '' } };
  expect(await codeOf(noKey, desk, 3), 'not well formed').toBe('validation_failed');
  const tooLarge = { ...noKey, body: JSON.stringify({ amount: 'x'.repeat(100) }) };
  expect(await codeOf(tooLarge, desk), 'too large').toBe('payload_too_large');
  const notJson = { ...tooLarge, headers: { ...noKey.headers, 'content-type': 'text/plain' } };
  expect(await codeOf(notJson, desk), 'not JSON').toBe('unsupported_media_type');
  const tooEarly = { ...notJson, headers: { ...notJson.headers, authorization: `Bearer ${mustChange.token}` } };
  expect(await codeOf(tooEarly, desk), 'a PIN to be changed first').toBe('pin_change_required');
  const nobody = { ...notJson, headers: { ...notJson.headers, authorization: `Bearer ${tokenOf('x')}` } };
  expect(await codeOf(nobody, desk), 'nobody’s session').toBe('unauthenticated');
  expect(await codeOf(nobody, { terminals: 'required', terminal: unknown }), 'no certificate').toBe('forbidden');
  expect(await codeOf(nobody, { terminals: 'demo', terminal: revoked }), 'a revoked one').toBe('forbidden');
  expect(await codeOf(nobody, { terminals: 'required', terminal: revoked }, 1, noBurst), 'too fast').toBe(
    'too_many_requests',
  );
  expect(seen, 'no handler was asked').toEqual([]);
});

test('says everything that is wrong with path, query, body and key at once', async () => {
  const { send } = await open();
  const response = await send('POST', '/whole/x?limit=11&more=1', {
    headers: { ...good, 'idempotency-key': 'two words' },
    body: '{"amount":1}',
  });
  expect(response.body.errors?.map(({ where }) => where)).toEqual([
    'path.item',
    'query.limit',
    'query',
    'body.amount',
    'header Idempotency-Key',
  ]);
});

test('counts each account on its own, and only requests that were well formed', async () => {
  const { send } = await open();
  const codeOf = async (headers: Record<string, string>): Promise<string | undefined> =>
    (await send('POST', '/whole/7', { headers, body })).body.code;
  for (let n = 0; n < 5; n++) {
    expect(await codeOf({ ...good, 'idempotency-key': '' })).toBe('validation_failed');
  }
  expect(await codeOf(good)).toBeUndefined();
  expect(await codeOf(good)).toBeUndefined();
  expect(await codeOf(good)).toBe('too_many_requests');
  expect(await codeOf({ ...good, authorization: `Bearer ${other.token}` })).toBeUndefined();
});

test('counts a certified terminal by its name, and everybody else by address', async () => {
  let terminal: Terminal = { name: 't-1', status: 'certified' };
  served = await serve([routeOf({ ...whole, who: 'anyone', rate: { source: { burst: 1, perSecond: 0.001 } } })], {
    terminalOf: () => terminal,
  });
  const { send } = served;
  const codeFrom = async (from: Terminal): Promise<string | undefined> => {
    terminal = from;
    return (await send('POST', '/whole/7', { headers: good, body })).body.code;
  };
  expect(await codeFrom({ name: 't-1', status: 'certified' })).toBeUndefined();
  expect(await codeFrom({ name: 't-1', status: 'certified' })).toBe('too_many_requests');
  expect(await codeFrom({ name: 't-2', status: 'certified' })).toBeUndefined();
  expect(await codeFrom({ name: 'desk', status: 'unknown' })).toBeUndefined();
  expect(await codeFrom({ name: 'desk', status: 'unknown' })).toBe('too_many_requests');
});

test('where certificates are required, only calls for terminals need one', async () => {
  const certified: Terminal = { name: 't-1', status: 'certified' };
  const { send, close } = await open({}, { terminals: 'required', terminal: certified });
  const headers = { ...good, authorization: `Bearer ${atTerminal.token}` };
  expect((await send('POST', '/whole/7', { headers, body })).status).toBe(201);
  await close();
  const { terminal: _, ...forAnybody } = whole;
  served = await serve([routeOf(forAnybody)], { guards: guardsOf('required') });
  expect((await served.send('POST', '/whole/7', { headers: good, body })).status).toBe(201);
});

test('a revoked terminal still gets the calls on the system’s health', async () => {
  const { send } = await open({ group: 'System' }, { terminal: { name: 't-1', status: 'revoked' } });
  const headers = { ...good, authorization: `Bearer ${atTerminal.token}` };
  expect((await send('POST', '/whole/7', { headers, body })).status).toBe(201);
});

test.each([
  ['auditor', auditor, 201],
  ['auditor', operator, 201],
  ['auditor', customer, 401],
  ['operator', operator, 201],
  ['operator', auditor, 403],
  ['customer', operator, 401],
] as const)('a call for the %s: of %o the status is %i', async (who, { token }, status) => {
  const { send } = await open({ who, rate: { source: { burst: 9, perSecond: 1 } } });
  const headers = { ...good, authorization: `Bearer ${token}` };
  expect((await send('POST', '/whole/7', { headers, body })).status).toBe(status);
});

test('a call for anyone looks at no session', async () => {
  const { send } = await open({ who: 'anyone', rate: { source: { burst: 9, perSecond: 1 } } });
  const headers = { ...good, authorization: 'Bearer nonsense' };
  expect((await send('POST', '/whole/7', { headers, body })).status).toBe(201);
  expect(seen[0]).toMatchObject({ caller: undefined, formerToken: undefined });
});

test('a session used at another terminal than its own is nobody’s: it ends, and a security event says where', async () => {
  const guards = guardsOf();
  const ended: string[] = [];
  const recorded: unknown[] = [];
  seen.length = 0;
  served = await serve([routeOf(whole)], {
    guards: {
      ...guards,
      sessions: { ...guards.sessions, end: (token) => Promise.resolve(void ended.push(token)) },
      security: { record: (event) => void recorded.push(event) },
    },
  });
  const headers = { ...good, authorization: `Bearer ${atTerminal.token}` };
  expect((await served.send('POST', '/whole/7', { headers, body })).body.code).toBe('unauthenticated');
  expect(ended).toEqual([atTerminal.token]);
  expect(recorded).toEqual([{ kind: 'session_elsewhere', subject: '3', terminal: 'desk', address: '192.0.2.1' }]);
  expect(seen).toEqual([]);
});

test('before the PIN is changed, the calls for that are open', async () => {
  const { send } = await open({ beforePinChange: true });
  const headers = { ...good, authorization: `Bearer ${mustChange.token}` };
  expect((await send('POST', '/whole/7', { headers, body })).status).toBe(201);
});

test('the handler of a caller who hangs up is told, and what ends for that is no failure', async () => {
  const told = Promise.withResolvers<undefined>();
  const hangUp = new AbortController();
  const call: Call = {
    ...{ id: 'slow', method: 'get', path: '/slow', group: 'System', summary: '', who: 'anyone', rejections: [] },
    answer: { status: 200, description: '', schema: z.object({}) },
  };
  const handle: Route['handle'] = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        told.resolve(undefined);
        reject(signal.reason as Error);
      });
      hangUp.abort();
    });
  served = await serve([{ call, handle }]);
  const { lines, send } = served;
  await expect(send('GET', '/slow', { signal: hangUp.signal })).rejects.toThrow();
  await told.promise;
  await expect.poll(() => lines.filter((line) => line.includes('"cutOff":true'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('a request failed'))).toEqual([]);
});
