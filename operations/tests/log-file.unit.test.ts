/** A program's log is rotated while the program runs, stays within its bound, and never holds the program up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLogFile } from '../src/supervisor/log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-log-file-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const line = (number: number): string => `line ${String(number)} ${'é'.repeat(40)}`;
const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

/** A busy machine is slow, not wrong. */
const patience = { timeout: 60_000 };

test(
  'while a program writes its files are rotated between lines, and no more than eight are kept',
  patience,
  async () => {
    const path = join(folder, 'server.log');
    const log = openLogFile({ name: 'server', path, size: '4K' });
    const output = new PassThrough();
    log.take(output);
    for (let number = 0; number < 1_000; number += 1) output.write(`${line(number)}\n`);
    output.end();
    await log.close();
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['server.log', ...[1, 2, 3, 4, 5, 6, 7].map((number) => `server.log.${String(number)}`)]);
    for (const name of names) expect(statSync(join(folder, name)).size).toBeLessThan(4_096 + 200);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const kept = [...names.slice(1).reverse(), 'server.log'].flatMap((name) => linesOf(join(folder, name)));
    expect(kept.filter((text) => text !== '')).toEqual(
      Array.from({ length: 1_000 }, (_, number) => line(number)).slice(-kept.filter((text) => text !== '').length),
    );
  },
);

test(
  'lines that could not be written are counted, and the log says how many once it can be written',
  patience,
  async () => {
    const within = join(folder, 'state');
    writeFileSync(within, 'where the folder should be');
    const path = join(within, 'server.log');
    const log = openLogFile({ name: 'server', path });
    const output = new PassThrough();
    log.take(output);
    for (let number = 0; number < 100; number += 1) output.write(`${line(number)}\n`);
    await expect.poll(() => output.readableLength).toBe(0);
    rmSync(within);
    mkdirSync(within);
    const found = async (): Promise<string> => {
      output.write('again\n');
      return Promise.resolve(readFileSync(path, 'utf8'));
    };
    await expect.poll(() => found().catch(() => ''), { interval: 100, timeout: 40_000 }).toContain('"dropped":');
    const report = linesOf(path).find((text) => text.includes('"dropped":'));
    expect(JSON.parse(report ?? '')).toMatchObject({ level: 40, process: 'server' });
    expect((JSON.parse(report ?? '') as { dropped: number }).dropped).toBeGreaterThanOrEqual(100);
    output.end();
    await log.close();
  },
);

test(
  'a process whose log nobody reads works on, and says how many lines it dropped once somebody does',
  patience,
  async () => {
    const program = `
    import { createLog } from ${JSON.stringify(new URL('../../ledger/src/log.ts', import.meta.url).href)};
    const log = createLog('server', 'info');
    const pad = 'x'.repeat(1000);
    for (let number = 0; number < 20_000; number += 1) log.info({ number, pad }, 'request');
    process.send('all written');
    process.on('message', () => { log.info('the last'); process.disconnect(); });
  `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    expect((await once(child, 'message'))[0]).toBe('all written');
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (data: string) => (text += data));
    await expect.poll(() => text, { timeout: 40_000 }).toContain('"dropped":');
    child.send('go on');
    await once(child, 'close');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one) as { msg: string; dropped?: number });
    const dropped = lines.reduce((sum, one) => sum + (one.dropped ?? 0), 0);
    expect(lines.filter(({ msg }) => msg === 'request').length + dropped).toBe(20_000);
    expect(lines.at(-1)?.msg).toBe('the last');
  },
);
