/** A cached result is read once for everybody, again when it is old, and a failure at once. */
import { afterEach, expect, test, vi } from 'vitest';
import { cached } from '../src/http/cached.ts';

afterEach(() => vi.restoreAllMocks());

test('a result is read again only when it is old', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  let reads = 0;
  const read = cached(() => Promise.resolve(++reads), 60_000);
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  now.mockReturnValue(59_999);
  expect(await read()).toBe(1);
  now.mockReturnValue(60_000);
  expect(await read()).toBe(2);
});

test('a failure is not cached', async () => {
  let reads = 0;
  const read = cached(() => (++reads === 1 ? Promise.reject(new Error('no')) : Promise.resolve(reads)), 60_000);
  await expect(read()).rejects.toThrow('no');
  expect(await read()).toBe(2);
});
