/** The watch on the transparency log: what is said of a log that is signed, one that waits, and one whose signer has stopped. */
import { expect, test } from 'vitest';
import type { WatchedLog } from '../src/log/log-watch.ts';
import { logWatch } from '../src/log/log-watch.ts';

const at = new Date('2026-12-01T09:00:00Z');
const log = (size: number, cosignedSize?: number, stopped: string | null = null): WatchedLog => ({
  ...{ origin: 'bank.example/log', vkey: 'bank.example/log+key', size, signedAt: at, stopped },
  cosigned: cosignedSize === undefined ? undefined : { size: cosignedSize, at },
});

/** What is known after the journal grew by one event a second, of what `published` says at each second. */
function after(seconds: number, published: (second: number) => WatchedLog | undefined) {
  const watch = logWatch();
  for (let second = 0; second <= seconds; second++) {
    watch.observe({ atMs: second * 1_000, head: second, log: published(second) });
  }
  return watch.state(seconds * 1_000);
}

test('where no signer ever worked there is nothing to say', () => {
  expect(after(1_000, () => undefined)).toBeUndefined();
});

test.each<[string, (second: number) => WatchedLog, string | null, number, number]>([
  ['all is signed and cosigned', (n) => log(n, n), null, 0, 0],
  ['both follow at a distance', (n) => log(Math.max(0, n - 5), Math.max(0, n - 30)), null, 4, 29],
  ['no witness ever cosigned', (n) => log(n), null, 0, 0],
  ['nothing is signed any more', (n) => log(Math.min(n, 100), Math.min(n, 100)), 'not_signed', 899, 899],
  ['it was signed a moment ago', (n) => log(Math.min(n, 950), Math.min(n, 950)), null, 49, 49],
  ['nothing is cosigned any more', (n) => log(n, Math.min(n, 100)), 'not_cosigned', 0, 899],
  ['it was cosigned some minutes ago', (n) => log(n, Math.min(n, 750)), null, 0, 249],
  ['the signer has stopped', (n) => log(n, n, 'the journal ends'), 'stopped', 0, 0],
])('%s', (_name, published, trouble, unsignedSeconds, uncosignedSeconds) => {
  expect(after(1_000, published)).toMatchObject({ trouble, unsignedSeconds, uncosignedSeconds });
});

test('a journal that rests waits for nothing, however old the last checkpoint is', () => {
  const watch = logWatch();
  for (let second = 0; second <= 1_000; second++) watch.observe({ atMs: second * 1_000, head: 7, log: log(7, 7) });
  expect(watch.state(10_000_000)).toMatchObject({ trouble: null, signed: { size: 7, at }, cosigned: { size: 7, at } });
});
