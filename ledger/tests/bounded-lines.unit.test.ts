/** What a stream does not take is dropped and counted: stuck, failing for a while, and failing for good. */
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { boundedLines } from '../src/bounded-lines.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A stream whose writes end when, and as, the test says. */
function disk() {
  const state = { fails: false, isStuck: false, opened: 0, written: [] as string[], goOn: () => undefined as unknown };
  const open = (): Writable => {
    state.opened += 1;
    const stream = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        if (state.fails) {
          done(new Error('ENOSPC'));
          return;
        }
        const write = (): void => {
          state.written.push(chunk);
          done();
        };
        if (state.isStuck) state.goOn = write;
        else write();
      },
    });
    return stream.on('error', () => undefined);
  };
  return { state, lines: boundedLines({ open, describeDropped: (count) => `dropped ${String(count)}\n` }) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a stuck stream holds nobody up and little memory; once it goes on it has every line that is not counted', async () => {
  const { state, lines } = disk();
  state.isStuck = true;
  const line = `${'x'.repeat(1023)}\n`;
  for (let count = 0; count < 10_000; count += 1) lines.write(line);
  state.isStuck = false;
  state.goOn();
  await expect.poll(() => state.written.at(-1)).toMatch(/^dropped \d+\n$/);
  const dropped = Number(/\d+/.exec(state.written.at(-1) ?? '')?.[0]);
  expect(dropped).toBeGreaterThan(5_000);
  expect(state.written.length - 1 + dropped).toBe(10_000);
});

test('a disk that is full is tried again after a while, and the first line after that is followed by the count', async () => {
  const { state, lines } = disk();
  lines.write('one\n');
  state.fails = true;
  lines.write('two\n');
  await settled();
  for (const line of ['three\n', 'four\n']) lines.write(line);
  expect(state.opened, 'it is left alone').toBe(1);
  vi.advanceTimersByTime(1_000);
  lines.write('five\n');
  await settled();
  state.fails = false;
  vi.advanceTimersByTime(1_000);
  lines.write('six\n');
  await settled();
  expect(state.written).toEqual(['one\n', 'six\n', 'dropped 4\n']);
  lines.write('seven\n');
  await lines.end();
  expect(state.written.at(-1)).toBe('seven\n');
});

test('an end does not wait for ever', async () => {
  vi.useRealTimers();
  const { state, lines } = disk();
  state.isStuck = true;
  lines.write('one\n');
  await lines.end();
  lines.write('after the end\n');
  expect(state.opened).toBe(1);
});
