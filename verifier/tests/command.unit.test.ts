/** The command as scripts use it: sentences, JSON, and what it ends with. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { bankOf, policyText } from './bank.ts';
import { pack } from './build.ts';
import { filesOf, journalOf, writeFiles } from './journal.ts';
import * as vectors from './vectors.ts';

const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'verifier-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const policy = ['--policy', write('policy', policyText)];
const events = journalOf(300);
writeFiles(join(folder, 'log'), filesOf(events));
writeFiles(join(folder, 'before'), filesOf(events.slice(0, 257)));
const { receipt } = bankOf();

type Ended = { readonly code: unknown; readonly out: string; readonly err: string };

const run = (args: readonly string[], input?: string): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { timeout: 50_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
    child.stdin?.end(input);
  });

test('a proven receipt ends with 0 and says what was proven', async () => {
  const { code, out, err } = await run(['receipt', write('a.tlog-proof', receipt), ...policy]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('Proven: position 6 in the journal bank.example/journal-main, of 8 events at that time');
  expect(out).toContain('amount: "-2000"');
  expect(out).toContain('Cosigned by w1 (witness.example/w1) at 2023-11-14T22:13:20.000Z.');
});

test('the text of a QR code comes from standard input as well', async () => {
  const { code, out } = await run(['receipt', '-', '--json', ...policy], `${pack(receipt)}\n`);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ proven: true, position: 6, parts: [{ account: '17' }] });
});

test('a changed receipt ends with 1, in a sentence and as JSON', async () => {
  const file = write('b.tlog-proof', receipt.replace('index 5', 'index 6'));
  const { code, out, err } = await run(['receipt', file, ...policy]);
  expect({ code, out, err }).toEqual({
    ...{ code: 1, out: '' },
    err: 'Not proven: The receipt is of position 6, its proof of 7.\n',
  });
  expect(JSON.parse((await run(['receipt', file, '--json', ...policy])).out)).toMatchObject({
    proven: false,
    code: 'other_entry',
  });
});

test('a proof of another kind of entry is proven with the entry’s bytes', async () => {
  const file = write('c.tlog-proof', vectors.proof);
  const entry = ['--entry', write('entry', vectors.leaves[5] as Uint8Array)];
  expect(await run(['receipt', file, ...entry, ...policy])).toMatchObject({ code: 0 });
  expect(await run(['receipt', file, '--entry', write('entry2', 'x'), ...policy])).toMatchObject({ code: 1 });
  expect(await run(['receipt', file, ...policy])).toMatchObject({ code: 2 });
});

test('a log’s folder is proven, as is what the public sees of it', async () => {
  expect((await run(['log', join(folder, 'log'), ...policy])).out).toContain(
    'All 300 events are those that the entries commit to',
  );
  const { out } = await run(['log', join(folder, 'log'), '--hashes-only', ...policy]);
  expect(out).toContain('Not checked: entries and events');
});

test('a changed log ends with 1 and names the position', async () => {
  const forged = new Map(filesOf(events));
  const path = 'tile/events/001.p/44';
  forged.set(
    path,
    Buffer.from(
      Buffer.from(forged.get(path) as Uint8Array)
        .toString('latin1')
        .replace('T1', 'T2'),
      'latin1',
    ),
  );
  writeFiles(join(folder, 'forged'), forged);
  const { code, err } = await run(['log', join(folder, 'forged'), ...policy]);
  expect(code).toBe(1);
  expect(err).toContain('has 1 fault:\n  The event at position 257 is not the one that its entry commits to.');
  const { out } = await run(['log', join(folder, 'forged'), '--json', ...policy]);
  expect(JSON.parse(out)).toMatchObject({ proven: false, findingCount: 1, size: 300 });
});

test('a checkpoint goes on from an earlier one, and not from a later', async () => {
  const [before, after] = [join(folder, 'before/checkpoint'), join(folder, 'log/checkpoint')];
  const log = ['--log', join(folder, 'log'), ...policy];
  const { code, out } = await run(['consistency', before, after, ...log]);
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('begins with all 257') as string });
  expect(await run(['consistency', after, before, ...log])).toMatchObject({ code: 1 });
});

test.each([
  ['nothing', [], 'What is to be checked?'],
  ['an unknown check', ['recipt'], 'There is no check "recipt"'],
  ['an unknown option', ['receipt', 'x', '--polcy', 'y'], 'Unknown option'],
  ['no policy', ['receipt', 'x'], '--policy FILE'],
  ['a missing file', ['receipt', 'missing', ...policy], 'missing cannot be read'],
  ['a folder for a file', ['receipt', folder, ...policy], 'cannot be read'],
  ['a policy that is none', ['receipt', 'x', '--policy', write('none', 'hello')], 'Line 1 of the policy'],
  ['a log without a checkpoint', ['log', folder, ...policy], 'no file "checkpoint"'],
  ['no log', ['consistency', 'a', 'b', ...policy], '--log DIR'],
])('%s ends with 2 and says what to do', async (_, args, sentence) => {
  const { code, err } = await run(args);
  expect(code).toBe(2);
  expect(err).toContain(sentence);
});

test('help ends with 0', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('receipt FILE') as string });
});
