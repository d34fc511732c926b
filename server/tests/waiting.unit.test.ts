/** A request that needs what other servers wrote does not wait for a journal that is silent. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import { catchUp } from '../src/http/waiting.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const bookkeeper = (isCutOff: boolean, reading: Promise<void>): Bookkeeper =>
  ({ isCutOff, catchUp: () => reading }) as unknown as Bookkeeper;
const unavailable = { code: 'unavailable', retryAfterSeconds: 2 };

test('a journal that was read is no reason to reject', async () => {
  expect(await catchUp(bookkeeper(false, Promise.resolve()))).toBeUndefined();
});

test('a journal that cannot be read is one', async () => {
  expect(await catchUp(bookkeeper(true, Promise.resolve()))).toEqual(unavailable);
});

test('a journal that says nothing is one after two seconds', async () => {
  const rejected = vi.fn();
  void catchUp(bookkeeper(false, new Promise(() => undefined))).then(rejected);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(rejected).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(rejected).toHaveBeenCalledExactlyOnceWith(unavailable);
});
