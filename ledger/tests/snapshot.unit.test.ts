/** Snapshots: a start from one gives the same book, and one that does not fit the journal is set aside. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bookkeeper } from '../src/bookkeeper/bookkeeper.ts';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import type { Snapshot } from '../src/bookkeeper/snapshot.ts';
import { fileSnapshots } from '../src/bookkeeper/snapshot.ts';
import type { Command } from '../src/domain/commands.ts';
import type { Journal } from '../src/journal/journal.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { systemTimer } from '../src/timer.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

let folder: string;
let path: string;
let journal: Journal;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'grand-livre-snapshot-'));
  path = join(folder, 'state', 'book.snapshot');
  journal = memoryJournal();
});
afterEach(() => rm(folder, { recursive: true }));

let ids = 0;
const troubles: string[] = [];

function open(from = journal, checkpoint?: number, cashLimits = plentyOfCash): Promise<Bookkeeper> {
  troubles.length = 0;
  return openBookkeeper({
    journal: from,
    keys: { lookUp: async () => ({ checkpoint: checkpoint ?? (await from.head()), positions: new Map() }) },
    writerLock: { acquire: () => Promise.resolve(() => Promise.resolve()) },
    snapshots: fileSnapshots({ path }),
    now: () => '2026-01-01T00:00:00.000Z',
    dayOf: () => '2026-01-01',
    cashLimits,
    newId: () => `id-${String(ids++)}`,
    schedule: setImmediate,
    timer: systemTimer,
    onTrouble: (what) => troubles.push(what),
  });
}

async function carryOut(bookkeeper: Bookkeeper, command: Command): Promise<void> {
  const commandId = `command-${String(ids++)}`;
  const submission = { command, commandId, requestHash: '', actor: '', terminal: '', correlationId: '' };
  expect(await bookkeeper.submit(submission)).toMatchObject({ accepted: true });
}

/** Opens accounts 1 and 2, pays into the first `amount`, and stops, which saves a snapshot. */
async function run(amount: bigint, from = journal): Promise<void> {
  const bookkeeper = await open(from);
  const customer = { keyId: 'key', profile: 'sealed' };
  const opening: Command = { type: 'OpenAccount', customer, accountType: 'current', currency: 'EUR', floor: -5n };
  await carryOut(bookkeeper, opening);
  await carryOut(bookkeeper, opening);
  await carryOut(bookkeeper, { type: 'Deposit', account: '1', amount, currency: 'EUR', terminal: 't' });
  await carryOut(bookkeeper, { type: 'FreezeAccount', account: '2', reason: 'test' });
  await bookkeeper.stop();
}

const stateOf = (bookkeeper: Bookkeeper): unknown => [
  ...['1', '2', 'cash:t', '3'].map((account) => bookkeeper.account(account)),
  ...[bookkeeper.head, bookkeeper.accountCount, bookkeeper.book.nextAccount(), bookkeeper.book.nextCustomer()],
];

test('a start from a snapshot reads no event before it and gives the same book', async () => {
  await run(700n);
  const reads: number[] = [];
  const watched: Journal = {
    ...journal,
    read: (options) => {
      reads.push(options.from);
      return journal.read(options);
    },
  };
  const [fromSnapshot] = [stateOf(await open(watched))];
  expect(reads).toEqual([7]);
  await rm(path);
  expect(stateOf(await open())).toEqual(fromSnapshot);
});

test('a start knows the cash of the day, from a snapshot and from one that an earlier program saved without it', async () => {
  await run(700n);
  const bytes = await readFile(path);
  const { cash: _cash, ...earlier } = deserialize(bytes.subarray(32)) as Snapshot;
  const content = serialize(earlier);
  const withoutCash = Buffer.concat([createHash('sha256').update(content).digest(), content]);
  for (const saved of [bytes, withoutCash]) {
    await writeFile(path, saved);
    const bookkeeper = await open(journal, undefined, { ...plentyOfCash, dayMinor: 1_000n });
    const deposit: Command = { type: 'Deposit', account: '1', amount: 301n, currency: 'EUR', terminal: 't' };
    const who = { requestHash: '', actor: '', terminal: '', correlationId: '' };
    const outcome = await bookkeeper.submit({ command: deposit, commandId: `deposit-${String(ids++)}`, ...who });
    expect(outcome).toMatchObject({ accepted: false, rejection: { code: 'cash_limit_exceeded' } });
  }
});

test('a damaged snapshot is read as none', async () => {
  await run(700n);
  const bytes = await readFile(path);
  for (const damaged of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)]), Buffer.alloc(0)]) {
    await writeFile(path, damaged);
    expect(await fileSnapshots({ path }).load()).toBeUndefined();
  }
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  await writeFile(path, bytes);
  expect(await fileSnapshots({ path }).load()).toBeUndefined();
  expect((await open()).account('1')).toMatchObject({ balance: 700n });
});

test('a snapshot of another journal, or of a longer one, is set aside', async () => {
  await run(700n);
  const other = memoryJournal();
  await run(5n, other);
  // The file is the other journal's now.
  expect((await open()).account('1')).toMatchObject({ balance: 700n });
  expect(troubles).toEqual(['the snapshot is of another journal and is set aside']);
  expect((await open(memoryJournal())).accountCount).toBe(0);
  expect(troubles).toEqual(['the snapshot is of another journal and is set aside']);
});

test('a journal shorter than the read model is another journal', async () => {
  await run(700n);
  await expect(open(journal, 99)).rejects.toThrow('the read model is at 99, beyond the journal');
});
