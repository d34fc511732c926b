/** The response writer: bodies, streams and problems as their calls define them, and nothing of a failure but that it happened. */
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Call } from '../../api/src/call.ts';
import type { Result } from '../src/http/pipeline.ts';
import { mostStreams } from '../src/http/streams.ts';
import type { Served } from './support/app.ts';
import { serve } from './support/app.ts';

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
});

async function open(answer: Partial<Call['answer']>, handle: () => Promise<Result<unknown>>): Promise<Served> {
  const call: Call = {
    ...{ id: 'one', method: 'get', path: '/one', group: 'System', summary: '', who: 'anyone', rejections: [] },
    answer: { status: 200, description: '', ...answer },
  };
  served = await serve([{ call, handle }]);
  return served;
}
const get = async (answer: Partial<Call['answer']>, handle: () => Promise<Result<unknown>>) =>
  (await open(answer, handle)).send('GET', '/one');

test('JSON, stored nowhere, with the handler’s headers and status', async () => {
  const headers = { 'X-More': '1' };
  const response = await get({ schema: z.any() }, () => Promise.resolve({ body: { a: 1 }, headers, status: 503 }));
  expect(response).toMatchObject({ status: 503, text: '{"a":1}' });
  expect(response.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-more': '1',
  });
});

test('another media type as it is, and no body where none is defined', async () => {
  const text = await get({ schema: z.string(), mediaType: 'text/plain' }, () => Promise.resolve({ body: 'as it is' }));
  expect(text).toMatchObject({ status: 200, text: 'as it is' });
  await served?.close();
  expect(await get({ status: 204 }, () => Promise.resolve({ body: undefined }))).toMatchObject({
    status: 204,
    text: '',
  });
});

test('a rejection is a problem with the request’s correlation id, and its line in the log has the code', async () => {
  const { send, lines } = await open({}, () => Promise.resolve({ code: 'overloaded', retryAfterSeconds: 7 }));
  const response = await send('GET', '/one');
  expect(response.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'retry-after': '7',
    'cache-control': 'no-store',
  });
  expect(response.body).toMatchObject({
    code: 'overloaded',
    status: 503,
    correlationId: response.headers['x-correlation-id'],
  });
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ code: 'overloaded', route: '/one', status: 503 });
});

test.each([
  ['a defect', new TypeError('secret inside'), 500, 'internal_error'],
  ['a lost connection', Object.assign(new Error('secret'), { code: 'ECONNRESET' }), 503, 'unavailable'],
  ['a database that shuts down', Object.assign(new Error('secret'), { code: '57P01' }), 503, 'unavailable'],
])('%s says only that it happened; the log has the rest', async (_what, error, status, code) => {
  const { send, lines } = await open({}, () => Promise.reject(error));
  const response = await send('GET', '/one');
  expect(response.body).toMatchObject({ status, code });
  expect(response.text).not.toContain('secret');
  expect(lines.join()).toContain(error.message);
});

test('a stream is written piece by piece, with its type', async () => {
  async function* pieces(): AsyncGenerator<string> {
    yield 'one\n';
    await Promise.resolve();
    yield 'two\n';
  }
  const response = await get({ mediaType: 'text/csv' }, () => Promise.resolve({ pieces: pieces() }));
  expect(response).toMatchObject({ status: 200, text: 'one\ntwo\n' });
  expect(response.headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8', 'cache-control': 'no-store' });
});

test('a stream that fails in the middle is cut off, and the log says so', async () => {
  async function* pieces(): AsyncGenerator<string> {
    await Promise.resolve();
    yield 'header\n';
    yield 'one\n';
    throw new Error('broken in the middle');
  }
  const { send, lines } = await open({ mediaType: 'text/csv' }, () => Promise.resolve({ pieces: pieces() }));
  await expect(send('GET', '/one')).rejects.toThrow();
  expect(lines.join()).toContain('broken in the middle');
});

test('a download whose first page fails is a problem, not half a file', async () => {
  async function* pieces(): AsyncGenerator<string> {
    yield 'header\n';
    await Promise.resolve();
    throw Object.assign(new Error('gone'), { code: '57P01' });
  }
  const response = await get({ mediaType: 'text/csv' }, () => Promise.resolve({ pieces: pieces() }));
  expect(response.body).toMatchObject({ code: 'unavailable', status: 503 });
});

test('past so many streams at once the next is told to come back, and gets through when one has ended', async () => {
  const opened: PromiseWithResolvers<undefined>[] = [];
  async function* pieces(): AsyncGenerator<string> {
    const held = Promise.withResolvers<undefined>();
    opened.push(held);
    yield 'begun\n';
    await held.promise;
  }
  const { send } = await open({ mediaType: 'text/csv' }, () => Promise.resolve({ pieces: pieces() }));
  const streams = Array.from({ length: mostStreams.download.ofAll }, () => send('GET', '/one'));
  await expect.poll(() => opened.length).toBe(mostStreams.download.ofAll);
  expect((await send('GET', '/one')).body).toMatchObject({ code: 'overloaded', status: 503 });
  opened[0]?.resolve(undefined);
  await Promise.any(streams);
  const next = send('GET', '/one');
  await expect.poll(() => opened.length).toBe(mostStreams.download.ofAll + 1);
  for (const one of opened) one.resolve(undefined);
  expect((await next).status).toBe(200);
});

test('addresses and methods nothing answers to', async () => {
  const { send } = await open({}, () => Promise.resolve({ body: undefined }));
  expect((await send('GET', '/nothing')).body).toMatchObject({ code: 'not_found', status: 404 });
  const wrong = await send('PUT', '/one');
  expect(wrong.body).toMatchObject({ code: 'method_not_allowed', status: 405 });
  expect(wrong.headers['allow']).toBe('GET');
  expect((await send('GET', '/%E0%A4%A')).body).toMatchObject({ code: 'not_found' });
});
