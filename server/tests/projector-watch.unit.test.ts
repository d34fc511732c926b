/** The watch on the projector: how long the read model has been behind. */
import { expect, test } from 'vitest';
import { projectorWatch } from '../src/projector-watch.ts';

test('a read model that follows a busy journal at a little distance is not behind for long', () => {
  const watch = projectorWatch();
  for (let second = 0; second < 60; second++) {
    watch.observe({ atMs: second * 1000, head: second * 100, position: Math.max(0, second * 100 - 50) });
  }
  expect(watch.lagSeconds(59_000)).toBe(0);
  expect(watch.lagSeconds(60_000)).toBe(1);
});

test('a read model that stands still is behind since the journal was first seen beyond it', () => {
  const watch = projectorWatch();
  watch.observe({ atMs: 0, head: 5, position: 5 });
  watch.observe({ atMs: 1000, head: 6, position: 5 });
  for (let second = 2; second <= 30; second++) watch.observe({ atMs: second * 1000, head: 6, position: 5 });
  expect(watch.lagSeconds(30_000)).toBe(29);
  watch.observe({ atMs: 31_000, head: 6, position: 6 });
  expect(watch.lagSeconds(31_000)).toBe(0);
});
