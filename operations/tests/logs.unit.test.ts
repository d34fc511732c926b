/** The logs of several processes become one readable stream, in the order of their times. */
import { appendFileSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogLine } from '../src/logs/log-line.ts';
import { formatLine, isAtLeast, readLine } from '../src/logs/log-line.ts';
import { readLogs } from '../src/logs/read-logs.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-logs-'));
});
afterEach(() => {
  rmSync(stateDir, { recursive: true });
});

const at = (second: number): string => `2026-01-31T09:30:0${String(second)}.000Z`;
const written = (second: number, msg: string, more: object = {}): string =>
  `${JSON.stringify({ level: 30, time: at(second), process: 'x', msg, ...more })}\n`;
const file = (name: string): string => join(stateDir, `${name}.log`);
const messages = (lines: readonly LogLine[]): readonly string[] =>
  lines.map(({ source, text, fields }) => `${source}: ${typeof fields?.['msg'] === 'string' ? fields['msg'] : text}`);

async function all(): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of readLogs(stateDir, { isFollowing: false })) lines.push(line);
  return lines;
}

test('two logs are merged by time, and a line without a time stays behind the one before it', async () => {
  writeFileSync(file('server'), `${written(1, 'one')}(node:7) a warning\n${written(4, 'four')}`);
  writeFileSync(file('projector'), written(2, 'two') + written(3, 'three'));
  expect(messages(await all())).toEqual([
    'server: one',
    'server: (node:7) a warning',
    'projector: two',
    'projector: three',
    'server: four',
  ]);
});

test('a log that is larger than what is read at once is whole', { timeout: 60_000 }, async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) =>
    written(1, `line ${String(index)}`, { pad: 'é'.repeat(80) }),
  );
  writeFileSync(file('server'), lines.join(''));
  const found = messages(await all());
  expect(found).toHaveLength(5_000);
  expect(found.at(-1)).toBe('server: line 4999');
});

test('without any log it says so', async () => {
  await expect(all()).rejects.toThrow(/^There is no log in /);
});

test('following, new lines come, also of a log that is begun anew and of one that was not there', async () => {
  writeFileSync(file('server'), written(1, 'one'));
  const lines = readLogs(stateDir, { isFollowing: true });
  const next = async (): Promise<string | undefined> => {
    const { value } = (await lines.next()) as IteratorResult<LogLine, undefined>;
    return value && messages([value])[0];
  };
  expect(await next()).toBe('server: one');
  const two = next();
  appendFileSync(file('server'), written(2, 'two'));
  expect(await two).toBe('server: two');
  renameSync(file('server'), `${file('server')}.1`);
  writeFileSync(file('server'), written(3, 'three'));
  expect(await next()).toBe('server: three');
  writeFileSync(file('projector'), written(4, 'four'));
  expect(await next()).toBe('projector: four');
  await lines.return(undefined);
});

test('rotated files are read from the oldest on, and a reader that was away for several rotations misses nothing', async () => {
  writeFileSync(`${file('server')}.2`, written(1, 'one'));
  writeFileSync(`${file('server')}.1`, written(2, 'two'));
  writeFileSync(file('server'), written(3, 'three'));
  expect(messages(await all())).toEqual(['server: one', 'server: two', 'server: three']);
  const lines = readLogs(stateDir, { isFollowing: true });
  const next = async (): Promise<string | undefined> => {
    const { value } = (await lines.next()) as IteratorResult<LogLine, undefined>;
    return value && messages([value])[0];
  };
  expect([await next(), await next(), await next()]).toEqual(['server: one', 'server: two', 'server: three']);
  for (const [second, msg] of [
    [4, 'four'],
    [5, 'five'],
  ] as const) {
    for (const count of [3, 2, 1]) {
      const older = count === 1 ? file('server') : `${file('server')}.${String(count - 1)}`;
      if (existsSync(older)) renameSync(older, `${file('server')}.${String(count)}`);
    }
    writeFileSync(file('server'), written(second, msg));
  }
  expect([await next(), await next()]).toEqual(['server: four', 'server: five']);
  await lines.return(undefined);
});

test('a line shows its time, level, process, message, fields and the stack of an error', () => {
  const err = { type: 'Error', message: 'gone', stack: 'Error: gone\n    at here' };
  const line = readLine(
    JSON.stringify({ level: 50, time: at(1), process: 'server', msg: 'a call failed', route: '/a', note: 'b c', err }),
    'server',
    '',
  );
  expect(formatLine(line, process.stdout).replaceAll(/\u001b\[\d+m/g, '')).toBe(
    '2026-01-31 09:30:01.000  ERROR server     a call failed route=/a note="b c"\n    Error: gone\n        at here',
  );
  expect(isAtLeast(line, 'warn')).toBe(true);
  expect(isAtLeast(line, 'fatal')).toBe(false);
});
