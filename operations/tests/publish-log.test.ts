/** The log as static files: what the verifier accepts, continued as it grows, and never another log's. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../ledger/src/failure.ts';
import { vkeyOf } from '../../ledger/src/transparency/note.ts';
import type { Published } from '../src/publish-log/publish-log.ts';
import { publishLog } from '../src/publish-log/publish-log.ts';
import type { SignedJournal } from './signed-journal.ts';
import { logKey, signedJournal } from './signed-journal.ts';

let bank: SignedJournal;
let to: string;
beforeEach(async () => {
  bank = await signedJournal();
  to = join(bank.stateDir, 'public');
});
afterEach(() => bank.close());

async function signed(count: number): Promise<void> {
  await bank.append(count);
  const signer = bank.start();
  const head = await bank.journal.head();
  await expect.poll(async () => (await bank.published())?.size).toBe(head);
  await signer.stop();
}

const publish = (hasEntries = false): Promise<Published> =>
  publishLog({ pool: bank.owner, journal: bank.journal, to, hasEntries, onProgress: () => undefined });

async function verify(...options: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const policy = join(bank.stateDir, 'policy');
  writeFileSync(policy, `log ${vkeyOf(logKey)}\nquorum none\n`);
  const path = fileURLToPath(new URL('../../verifier/cli/main.js', import.meta.url));
  return promisify(execFile)(process.execPath, [path, 'log', to, '--policy', policy, ...options]).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    },
  );
}

const files = (): readonly string[] =>
  readdirSync(to, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(to, name)).isFile())
    .sort();

test('nothing was signed yet', async () => {
  await bank.append(3);
  await expect(publish()).rejects.toThrow(/There is no checkpoint yet/);
  await expect(publish()).rejects.toThrow(Failure);
});

test('hashes for everybody; the verifier accepts them, and finds one that was altered', async () => {
  await signed(600);
  expect(await publish()).toEqual({ origin: 'bank.example/log', size: 600, written: 4 });
  expect(files()).toEqual(['checkpoint', 'tile/0/000', 'tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2']);
  expect(await verify('--hashes-only')).toMatchObject({ code: 0 });
  const tile = join(to, 'tile/0/001');
  const bytes = readFileSync(tile);
  bytes.writeUInt8(bytes.readUInt8(7) ^ 1, 7);
  writeFileSync(tile, bytes);
  expect(await verify('--hashes-only')).toMatchObject({ code: 1 });
});

test('with entries and events, continued as the log grows; what is there stays', async () => {
  await signed(300);
  await publish(true);
  expect(await verify()).toMatchObject({ code: 0 });
  const first = statSync(join(to, 'tile/0/000')).mtimeMs;
  await signed(400);
  // A partial tile, the second full one, level 1; entries and events each a full and a partial one.
  expect(await publish(true)).toMatchObject({ size: 700, written: 3 + 4 });
  expect(await verify()).toMatchObject({ code: 0 });
  expect(statSync(join(to, 'tile/0/000')).mtimeMs).toBe(first);
  expect(await publish(true)).toMatchObject({ size: 700, written: 0 });
  expect(files().some((name) => name.length > 60)).toBe(false);
});

test('entries are added to a folder that had none', async () => {
  await signed(300);
  await publish();
  expect(await publish(true)).toMatchObject({ written: 4 });
  expect(await verify()).toMatchObject({ code: 0 });
});

test('a folder with another log, a longer one, or one that was rewritten is left as it is', async () => {
  await signed(20);
  await publish();
  const checkpoint = readFileSync(join(to, 'checkpoint'), 'utf8');
  const other = (from: string, by: string): void => {
    writeFileSync(join(to, 'checkpoint'), checkpoint.replace(from, by));
  };
  other('bank.example/log', 'other.example/log');
  await expect(publish()).rejects.toThrow(/of other\.example\/log, but this log has 20 of bank\.example\/log/);
  other('\n20\n', '\n21\n');
  await expect(publish()).rejects.toThrow(/holds a checkpoint of 21 events/);
  other('\n20\n', '\n19\n');
  await expect(publish()).rejects.toThrow(/that this log does not continue/);
  writeFileSync(join(to, 'checkpoint'), checkpoint);
  await signed(5);
  mkdirSync(join(to, 'tile/0/000.p'), { recursive: true });
  writeFileSync(join(to, 'tile/0/000.p/25'), 'something else');
  await expect(publish()).rejects.toThrow(/000\.p\/25 holds something else than this log/);
  expect(readFileSync(join(to, 'checkpoint'), 'utf8')).toBe(checkpoint);
});

test('tiles that were altered in the database are not published', async () => {
  await signed(300);
  await bank.tamper(
    `update log.tiles set hashes = overlay(hashes placing '\\x00' from 9) where level = 0 and index = 0`,
  );
  await bank.tamper(`update log.tiles set hashes = overlay(hashes placing '\\x00' from 9) where level = 1`);
  await expect(publish()).rejects.toThrow(/The tiles in the database are not those of the checkpoint/);
});

test('a folder that cannot be written is said', async () => {
  await signed(3);
  writeFileSync(to, 'a file');
  await expect(publish()).rejects.toThrow(Failure);
});
