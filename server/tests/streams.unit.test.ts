/** Streams: one kind leaves room for the other, one caller for the next, and none outlives its session. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Call } from '../../api/src/call.ts';
import { mostStreams, streamBounds } from '../src/http/streams.ts';
import type { Served } from './support/app.ts';
import { guardsOf, serve, staff, tokenOf } from './support/app.ts';

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
});

const call = (id: string, mediaType: string): Call => ({
  ...{ id, method: 'get', path: `/${id}`, group: 'Audit', summary: '', who: 'auditor', rejections: [] },
  answer: { status: 200, description: '', schema: z.string(), mediaType },
});
const feed = call('feed', 'text/event-stream');
const progress = call('progress', 'text/event-stream');
const download = call('download', 'text/csv');
const statement = call('statement', 'application/pdf');

test('feeds, progress and downloads are counted apart, downloads of every sort together', () => {
  const bounds = streamBounds();
  const entered = Array.from({ length: mostStreams.events.ofAll }, (_none, n) => bounds.enter(feed, String(n)));
  expect(entered).not.toContain(undefined);
  expect(bounds.enter(feed, 'another')).toBeUndefined();
  expect(bounds.enter(progress, 'another')).toBeDefined();
  for (let n = 0; n < mostStreams.download.ofAll - 1; n++) expect(bounds.enter(download, String(n))).toBeDefined();
  expect(bounds.enter(statement, 'another')).toBeDefined();
  expect(bounds.enter(statement, 'one more')).toBeUndefined();
  entered[0]?.[Symbol.dispose]();
  expect(bounds.enter(feed, 'another')).toBeDefined();
});

test('one caller leaves room for others, and has it again when one of their streams has ended', () => {
  const bounds = streamBounds();
  const entered = Array.from({ length: mostStreams.download.ofOneCaller }, () => bounds.enter(download, 'staff a'));
  expect(entered).not.toContain(undefined);
  expect(bounds.enter(statement, 'staff a')).toBeUndefined();
  expect(bounds.enter(download, 'staff b')).toBeDefined();
  expect(bounds.enter(feed, 'staff a')).toBeDefined();
  entered[0]?.[Symbol.dispose]();
  expect(bounds.enter(statement, 'staff a')).toBeDefined();
});

test.each([
  ['a feed', feed],
  ['a download', download],
])('%s ends with its session', async (_what, streamed) => {
  let isAlive = true;
  let isReturned = false;
  async function* pieces(): AsyncGenerator<string> {
    try {
      for (;;) {
        yield 'piece\n';
        await sleep(20);
      }
    } finally {
      isReturned = true;
    }
  }
  const guards = guardsOf();
  served = await serve([{ call: streamed, handle: () => Promise.resolve({ pieces: pieces() }) }], {
    guards: {
      ...guards,
      staffSessions: { ...guards.staffSessions, isAlive: () => Promise.resolve(isAlive) },
    },
  });
  const [auditor] = staff;
  const receiving = served.send('GET', streamed.path, {
    headers: { authorization: `Bearer ${auditor?.token ?? tokenOf('u')}` },
  });
  await sleep(1_200);
  expect(isReturned).toBe(false);
  isAlive = false;
  // Cut off, so that nobody takes it for whole.
  await expect(receiving).rejects.toThrow();
  await expect.poll(() => isReturned).toBe(true);
  expect(served.lines.join()).not.toContain('a request failed');
});
