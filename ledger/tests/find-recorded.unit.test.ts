/** Which commands are in the journal already: from the cache, the read model and what others wrote, with the hash and the first event of each. */
import { expect, test } from 'vitest';
import type { Bookkeeper } from '../src/bookkeeper/bookkeeper.ts';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import { encode, schemaVersion } from '../src/domain/codec.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { KeyIndex } from '../src/journal/key-index.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { systemTimer } from '../src/timer.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

/** A read model that has everything up to `checkpoint`. */
function readModel(journal: Journal): KeyIndex & { checkpoint: number } {
  const index = {
    checkpoint: 0,
    async lookUp(commandIds: readonly string[]) {
      const { checkpoint } = index;
      const events = await journal.read({ from: 1, limit: checkpoint });
      const positions = new Map<string, number>();
      for (const { position, metadata } of events) {
        const { commandId } = JSON.parse(metadata) as { commandId: string };
        if (commandIds.includes(commandId) && !positions.has(commandId)) positions.set(commandId, position);
      }
      return { checkpoint, positions };
    },
  };
  return index;
}

async function open(journal: Journal, keys: KeyIndex, cachedKeys = 100): Promise<Bookkeeper> {
  let ids = 0;
  return openBookkeeper({
    journal,
    keys,
    writerLock: { acquire: () => Promise.resolve(() => Promise.resolve()) },
    snapshots: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    now: () => '2026-01-01T00:00:00.000Z',
    dayOf: () => '2026-01-01',
    cashLimits: plentyOfCash,
    newId: () => `id-${String(ids++)}`,
    macKey: testMacKey,
    schedule: setImmediate,
    timer: systemTimer,
    limits: { cachedKeys },
  });
}

/** Opens an account: two events, under one key. */
async function carryOut(bookkeeper: Bookkeeper, commandId: string): Promise<void> {
  const outcome = await bookkeeper.submit({
    command: {
      type: 'OpenAccount',
      customer: { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' },
      accountType: 'current',
      currency: 'EUR',
      floor: 0n,
    },
    commandId,
    requestHash: `hash of ${commandId}`,
    actor: 'test',
    terminal: 'test',
    correlationId: '',
  });
  expect(outcome).toMatchObject({ accepted: true, replayed: false });
}

const recorded = (commandId: string, position: number) =>
  [
    commandId,
    {
      position,
      requestHash: `hash of ${commandId}`,
      event: expect.objectContaining({ type: 'CustomerRegistered' }) as unknown,
    },
  ] as const;

test('finds cached commands at their first event, and none that never were', async () => {
  const journal = memoryJournal();
  const bookkeeper = await open(journal, readModel(journal));
  expect(await bookkeeper.findRecorded(['a', 'b'])).toEqual(new Map());
  await carryOut(bookkeeper, 'a');
  await carryOut(bookkeeper, 'b');
  expect(await bookkeeper.findRecorded(['b', 'never', 'a', 'a'])).toEqual(
    new Map([recorded('a', 1), recorded('b', 3)]),
  );
  expect(await bookkeeper.findRecorded([])).toEqual(new Map());
});

test('finds commands whose keys only the read model has', async () => {
  const journal = memoryJournal();
  const index = readModel(journal);
  const bookkeeper = await open(journal, index, 0);
  for (const id of ['a', 'b', 'c']) {
    await carryOut(bookkeeper, id);
    index.checkpoint = bookkeeper.head;
  }
  await bookkeeper.catchUp();
  expect(await bookkeeper.findRecorded(['a', 'b', 'c', 'never'])).toEqual(
    new Map([recorded('a', 1), recorded('b', 3), recorded('c', 5)]),
  );
});

test('finds what others wrote that the bookkeeper has not read yet, and leaves its book as it is', async () => {
  const journal = memoryJournal();
  const index = readModel(journal);
  const [bookkeeper, other] = [await open(journal, index), await open(journal, index)];
  await carryOut(other, 'a');
  expect(await bookkeeper.findRecorded(['a', 'never'])).toEqual(new Map([recorded('a', 1)]));
  expect([bookkeeper.head, bookkeeper.accountCount]).toEqual([0, 0]);
  await bookkeeper.catchUp();
  expect(bookkeeper.accountCount).toBe(1);
});

test('finds a command whose key is forgotten while it is being looked up', async () => {
  const journal = memoryJournal();
  const index = readModel(journal);
  let beforeAnswer = (): Promise<void> => Promise.resolve();
  const slow: KeyIndex = {
    async lookUp(ids) {
      const answer = await index.lookUp(ids);
      await beforeAnswer();
      return answer;
    },
  };
  const bookkeeper = await open(journal, slow, 1);
  await carryOut(bookkeeper, 'a');
  await carryOut(bookkeeper, 'b');
  index.checkpoint = 2;
  await bookkeeper.catchUp();
  // Written and forgotten between the look-up of 'c' and its answer.
  beforeAnswer = async () => {
    beforeAnswer = () => Promise.resolve();
    await carryOut(bookkeeper, 'c');
    index.checkpoint = bookkeeper.head;
    await carryOut(bookkeeper, 'd');
    index.checkpoint = bookkeeper.head;
    await bookkeeper.catchUp();
  };
  expect(await bookkeeper.findRecorded(['c', 'a'])).toEqual(new Map([recorded('c', 5), recorded('a', 1)]));
});

test('finds more commands than one read takes', async () => {
  const journal = memoryJournal();
  const times = { recordedAt: '2026-01-01T00:00:00.000Z', valueDate: '2026-01-01' };
  const metadata = { ...times, actor: '', terminal: '', correlationId: '', schemaVersion };
  const ids = Array.from({ length: 5_000 }, (_, n) => `command-${String(n)}`);
  const events = ids.map((commandId, n) =>
    encode(
      `id-${String(n)}`,
      {
        type: 'CustomerRegistered',
        customer: String(n + 1),
        keyId: '00000000-0000-4000-8000-000000000001',
        profile: 'sealed',
      },
      { ...metadata, commandId, requestHash: `hash of ${commandId}` },
    ),
  );
  await journal.append(events.slice(0, 2_500), { after: 0 });
  const bookkeeper = await open(journal, readModel(journal));
  await journal.append(events.slice(2_500), { after: 2_500 });
  expect(await bookkeeper.findRecorded(ids)).toEqual(new Map(ids.map((id, n) => recorded(id, n + 1))));
});

test('rejects when the journal or the read model cannot be read, or the read model went back', async () => {
  const journal = memoryJournal();
  const index = readModel(journal);
  let failing: 'journal' | 'read model' | undefined;
  const guard = <T>(what: typeof failing, work: Promise<T>): Promise<T> =>
    failing === what ? Promise.reject(new Error(`the ${String(what)} is away`)) : work;
  const bookkeeper = await open(
    { ...journal, head: () => guard('journal', journal.head()) },
    { lookUp: (ids) => guard('read model', index.lookUp(ids)) },
    0,
  );
  await carryOut(bookkeeper, 'a');
  index.checkpoint = bookkeeper.head;
  await bookkeeper.catchUp();
  for (failing of ['journal', 'read model'] as const) {
    await expect(bookkeeper.findRecorded(['a'])).rejects.toThrow(`the ${failing} is away`);
  }
  failing = undefined;
  index.checkpoint = 0;
  await expect(bookkeeper.findRecorded(['a'])).rejects.toThrow('the read model is back at 0, before 1');
});
