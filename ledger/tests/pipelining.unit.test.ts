/** Many callers that wait for their answers: while one batch is being written the next is looked up and decided, in virtual time. */
import { expect, test } from 'vitest';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import type { Submission } from '../src/bookkeeper/submission.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { scheduler } from './simulation/scheduler.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

const [appendMs, lookUpMs, batchSize, callers] = [10, 7, 50, 1_000];

test('writes batch after batch without a pause, though no new command comes meanwhile', async () => {
  const time = scheduler();
  const real = memoryJournal();
  const appends: { readonly startMs: number; readonly endMs: number }[] = [];
  let ids = 0;
  const bookkeeper = await openBookkeeper({
    journal: {
      ...real,
      async append(events, options) {
        const startMs = time.nowMs;
        await time.sleep(appendMs);
        appends.push({ startMs, endMs: time.nowMs });
        return real.append(events, options);
      },
    },
    // Once a key was forgotten, every batch's keys are looked up.
    keys: {
      async lookUp() {
        const checkpoint = await real.head();
        if (checkpoint > 0) await time.sleep(lookUpMs);
        return { checkpoint, positions: new Map() };
      },
    },
    writerLock: { acquire: () => Promise.reject(new Error('nobody else writes')) },
    snapshots: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    now: () => new Date(Date.UTC(2026, 0, 1) + time.nowMs).toISOString(),
    dayOf: () => '2026-01-01',
    cashLimits: plentyOfCash,
    newId: () => `id-${String(ids++)}`,
    macKey: testMacKey,
    schedule: (run) => {
      time.at(0, run);
    },
    timer: time.timer,
    limits: { batch: batchSize, cachedKeys: 0 },
  });

  let answered = 0;
  for (let caller = 0; caller < callers; caller++) {
    void bookkeeper.submit(opening(String(caller))).then((outcome) => {
      if (outcome.accepted) answered++;
    });
  }
  expect(await time.run(() => answered === callers, 10_000)).toBe(true);
  const pausesMs = appends.slice(1).map(({ startMs }, index) => startMs - (appends[index]?.endMs ?? 0));
  expect(pausesMs).toHaveLength(callers / batchSize - 1);
  // The second batch cannot be looked up before the first has a key to forget.
  expect(pausesMs.slice(1).every((pauseMs) => pauseMs === 0)).toBe(true);
});

const opening = (commandId: string): Submission => ({
  command: {
    ...{ type: 'OpenAccount', customer: { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' } },
    ...{ accountType: 'current', currency: 'EUR', floor: 0n },
  },
  ...{ commandId, requestHash: 'same', actor: 'test', terminal: 'test', correlationId: '' },
});
