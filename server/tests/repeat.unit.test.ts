/** Repetition: again and again, never twice at once, on through failures, and over when it was ended. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { repeat } from '../src/repeat.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('runs once an interval, and goes on after a failure', async () => {
  const errors: unknown[] = [];
  let runs = 0;
  const end = repeat(
    1_000,
    () => {
      runs += 1;
      return runs === 2 ? Promise.reject(new Error('the second')) : Promise.resolve();
    },
    (error) => errors.push(error),
  );
  await vi.advanceTimersByTimeAsync(999);
  expect(runs).toBe(0);
  await vi.advanceTimersByTimeAsync(3_001);
  expect(runs).toBe(4);
  expect(errors).toEqual([new Error('the second')]);
  await end();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(runs).toBe(4);
});

test('never runs twice at once, and its end waits for what is under way', async () => {
  const held = Promise.withResolvers<undefined>();
  let runs = 0;
  const end = repeat(
    1_000,
    () => {
      runs += 1;
      return held.promise;
    },
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(runs).toBe(1);
  let hasEnded = false;
  const ended = end().then(() => {
    hasEnded = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(hasEnded).toBe(false);
  held.resolve(undefined);
  await ended;
  expect(runs).toBe(1);
});

test('what never ends does not keep its end waiting for ever', async () => {
  const end = repeat(
    1_000,
    () => new Promise(() => undefined),
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(1_000);
  let hasEnded = false;
  void end().then(() => {
    hasEnded = true;
  });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(hasEnded).toBe(true);
});
