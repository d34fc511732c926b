/** The rate limit: a burst, then a steady flow, for each address on its own, in bounded memory. */
import { expect, test } from 'vitest';
import { rateLimit } from '../src/http/rate-limit.ts';

test('lets a burst through, then as many as flow back', () => {
  const limit = rateLimit({ burst: 3, perSecond: 2 });
  const at = (ms: number) => limit.take('a', ms);
  expect([at(0), at(0), at(0)]).toEqual([undefined, undefined, undefined]);
  expect(at(0)).toEqual({ retryAfterSeconds: 1 });
  expect(at(499)).toBeDefined();
  expect(at(500)).toBeUndefined();
  expect(at(501)).toBeDefined();
});

test('keeps addresses apart, and never saves up more than a burst', () => {
  const limit = rateLimit({ burst: 1, perSecond: 1 });
  expect(limit.take('a', 0)).toBeUndefined();
  expect(limit.take('b', 0)).toBeUndefined();
  expect(limit.take('a', 1_000_000)).toBeUndefined();
  expect(limit.take('a', 1_000_000)).toEqual({ retryAfterSeconds: 1 });
});

test('forgets the address that was quiet the longest, not the busy one', () => {
  const limit = rateLimit({ burst: 1, perSecond: 0.001 });
  limit.take('first', 0);
  for (let n = 0; n < 9_999; n++) limit.take(`other-${String(n)}`, 0);
  expect(limit.take('first', 0)).toBeDefined();
  limit.take('one more', 0);
  expect(limit.take('first', 0)).toBeDefined();
  expect(limit.take('other-0', 0)).toBeUndefined();
});
