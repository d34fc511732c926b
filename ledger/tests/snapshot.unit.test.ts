/** Snapshots: a start from one gives the same book, and one that does not fit the journal is set aside. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LiveBook } from '../src/bookkeeper/book.ts';
import { liveBook } from '../src/bookkeeper/book.ts';
import type { Bookkeeper } from '../src/bookkeeper/bookkeeper.ts';
import type { Limits } from '../src/bookkeeper/dependencies.ts';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import { fileSnapshots } from '../src/bookkeeper/snapshot.ts';
import { terminalCash } from '../src/bookkeeper/terminal-cash.ts';
import type { Command } from '../src/domain/commands.ts';
import type { Journal } from '../src/journal/journal.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { systemTimer } from '../src/timer.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';
import { bookOfMany } from './support/many-accounts.ts';

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

function open(
  from = journal,
  checkpoint?: number,
  cashLimits = plentyOfCash,
  limits: Partial<Limits> = {},
): Promise<Bookkeeper> {
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
    macKey: testMacKey,
    schedule: setImmediate,
    timer: systemTimer,
    onTrouble: (what) => troubles.push(what),
    limits,
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
  const customer = { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' };
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

test('a start knows the cash of the day', async () => {
  await run(700n);
  const bookkeeper = await open(journal, undefined, { ...plentyOfCash, dayMinor: 1_000n });
  const deposit: Command = { type: 'Deposit', account: '1', amount: 301n, currency: 'EUR', terminal: 't' };
  const who = { requestHash: '', actor: '', terminal: '', correlationId: '' };
  const outcome = await bookkeeper.submit({ command: deposit, commandId: `deposit-${String(ids++)}`, ...who });
  expect(outcome).toMatchObject({ accepted: false, rejection: { code: 'cash_limit_exceeded' } });
});

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const markLength = 'grand-livre book 2\n'.length;
const contentOf = (bytes: Buffer): Buffer => bytes.subarray(markLength + 32);
const withContent = (bytes: Buffer, content: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, markLength), sha256(content), content]);
function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

test.each<[string, (bytes: Buffer) => Buffer | 'folder', string]>([
  ['is empty', () => Buffer.alloc(0), 'format version'],
  [
    'was written by version 0.1.0',
    (bytes) => Buffer.concat([sha256(contentOf(bytes)), contentOf(bytes)]),
    'format version',
  ],
  ['is of the next format', (bytes) => flipped(bytes, markLength - 2), 'format version'],
  ['is cut short', (bytes) => bytes.subarray(0, -1), 'digest'],
  ['is too long', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]), 'digest'],
  ['has a wrong bit', (bytes) => flipped(bytes, markLength + 40), 'digest'],
  // The second byte is the version of V8's own format.
  ['is in a format of another V8', (bytes) => withContent(bytes, Buffer.from([0xff, 0x7f, 0x6f])), 'Error'],
  ['cannot be read', () => 'folder', 'EISDIR'],
])(
  'a snapshot that %s is set aside with the reason, and the start reads the journal',
  async (_what, damage, reason) => {
    await run(700n);
    const damaged = damage(await readFile(path));
    await rm(path);
    if (damaged === 'folder') await mkdir(path);
    else await writeFile(path, damaged);
    const bookkeeper = await open();
    expect(bookkeeper.account('1')).toMatchObject({ balance: 700n, floor: -5n });
    expect(troubles).toEqual([expect.stringMatching(`^the snapshot cannot be used and is set aside: .*${reason}`)]);
  },
);

test('a snapshot holds what the book was when it was begun, though the book goes on meanwhile', async () => {
  const bookkeeper = await open(journal, undefined, plentyOfCash, { snapshotEvery: 3 });
  for (let customer = 1; customer <= 50; customer++) {
    await carryOut(bookkeeper, {
      type: 'RegisterCustomer',
      customer: String(customer),
      keyId: '00000000-0000-4000-8000-000000000001',
      profile: 'sealed',
    });
  }
  // Left as a crash would leave it; the threads that write end by themselves.
  await expect.poll(async () => (await readdir(dirname(path))).filter((name) => name !== 'book.snapshot')).toEqual([]);
  expect(stateOf(await open())).toEqual(stateOf(bookkeeper));
});

/** Large enough to be written by a thread of its own. */
const largeBook = (): LiveBook => bookOfMany(40_000, [7]);

test('a large snapshot, written by a thread of its own, holds the same, and says when it cannot be written', async () => {
  const book = largeBook();
  const beside = { cash: terminalCash({ dayOf: () => '', limits: plentyOfCash }) };
  const saving = fileSnapshots({ path }).save(book, { position: 9, eventId: 'nine' }, beside);
  // The book goes on at once.
  book.apply({
    type: 'CustomerRegistered',
    customer: '99999',
    keyId: '00000000-0000-4000-8000-000000000001',
    profile: 'sealed',
  });
  await saving;
  const loaded = await fileSnapshots({ path }).load();
  if (loaded === undefined || 'unusable' in loaded) throw new Error('there is no snapshot');
  expect(loaded).toMatchObject({ position: 9, eventId: 'nine' });
  const read = liveBook(loaded.columns);
  expect([read.accountCount, read.account('40000'), read.isReversed(7)]).toEqual([
    40_000,
    expect.objectContaining({ balance: 39_999n, version: 3 }),
    true,
  ]);
  expect([read.hasCustomer('40000'), read.hasCustomer('99999')]).toEqual([true, false]);
  const inAFile = fileSnapshots({ path: join(path, 'book.snapshot') });
  await expect(inAFile.save(book, { position: 9, eventId: 'nine' }, beside)).rejects.toThrow(/ENOTDIR|EEXIST/);
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
