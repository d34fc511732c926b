/** A key that the read model lost: its command is not carried out again, and that is said. */
import { expect, test } from 'vitest';
import type { Bookkeeper } from '../src/bookkeeper/bookkeeper.ts';
import { missingKey } from '../src/bookkeeper/deciding.ts';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import type { Snapshot } from '../src/bookkeeper/snapshot-file.ts';
import { takeSnapshot } from '../src/bookkeeper/snapshot.ts';
import type { Outcome } from '../src/bookkeeper/submission.ts';
import { decode } from '../src/domain/codec.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { systemTimer } from '../src/timer.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

const journal = memoryJournal();
const positions = new Map<string, number>();
let disk: Snapshot | undefined;
const trouble: string[] = [];
let ids = 0;

/** With a read model that has all of the journal, but for what was taken out of it. */
async function open(): Promise<Bookkeeper> {
  const head = await journal.head();
  return openBookkeeper({
    journal,
    keys: {
      lookUp: (asked) =>
        Promise.resolve({ checkpoint: head, positions: new Map([...positions].filter(([id]) => asked.includes(id))) }),
    },
    writerLock: { acquire: () => Promise.resolve(() => Promise.resolve()) },
    snapshots: {
      load: () => Promise.resolve(disk),
      save(book, at, beside) {
        disk = takeSnapshot(book, at, beside);
        return Promise.resolve();
      },
    },
    now: () => '2026-01-01T00:00:00.000Z',
    dayOf: () => '2026-01-01',
    cashLimits: plentyOfCash,
    newId: () => `id-${String(ids++)}`,
    macKey: testMacKey,
    schedule: setImmediate,
    timer: systemTimer,
    onTrouble: (what) => trouble.push(what),
  });
}

const register = (bookkeeper: Bookkeeper, commandId: string): Promise<Outcome> =>
  bookkeeper.submit({
    command: {
      type: 'RegisterCustomer',
      customer: String(commandId.length),
      keyId: '00000000-0000-4000-8000-000000000001',
      profile: 'sealed',
    },
    commandId,
    requestHash: 'hash',
    actor: 'test',
    terminal: 'test',
    correlationId: '',
  });

test('a command whose key is gone is not carried out again, from a snapshot or from the journal alone', async () => {
  const first = await open();
  for (const id of ['a', 'bb', 'ccc']) await register(first, id);
  await first.stop();
  for (const { metadata, position } of (await journal.read({ from: 1, limit: 10 })).map(decode)) {
    positions.set(metadata.commandId, position);
  }
  positions.delete('bb');
  // One that leads elsewhere is noticed when the journal is read there.
  positions.set('ccc', 1);

  for (const snapshot of [undefined, disk]) {
    disk = snapshot;
    const next = await open();
    expect(next.lacksKeys).toBe(false);
    expect(await register(next, 'a')).toMatchObject({ accepted: true, position: 1, replayed: true });
    await expect(register(next, 'bb')).rejects.toThrow(missingKey);
    await expect(register(next, 'ccc')).rejects.toThrow('does not hold the command its key leads to');
    await expect(next.findRecorded(['bb'])).rejects.toThrow(missingKey);
    expect(next.lacksKeys).toBe(true);
    expect(trouble).toContain(missingKey);
    expect(await journal.head()).toBe(3);
    await next.stop();
  }
});

test('a snapshot without the fingerprints is not used', async () => {
  if (disk === undefined) throw new Error('no snapshot');
  const { seen: _, ...bare } = disk;
  disk = bare;
  const next = await open();
  await expect(register(next, 'bb')).rejects.toThrow(missingKey);
  expect(await register(next, 'dddd')).toMatchObject({ accepted: true, position: 4 });
  await next.stop();
});
