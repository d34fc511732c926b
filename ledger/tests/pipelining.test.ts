/** A crowd that waits for its answers: while one group is being written the next is looked up and decided, in virtual time. */
import { expect, test } from 'vitest';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import type { Submission } from '../src/bookkeeper/submission.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { scheduler } from './simulation/scheduler.ts';

const [appendMs, lookUpMs, groupSize, callers] = [10, 7, 50, 1_000];

test('groups follow one another without a pause, though nobody new comes meanwhile', async () => {
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
    // Once a key had to be forgotten by heart, every group's keys are looked up.
    keys: {
      async lookUp() {
        const checkpoint = await real.head();
        if (checkpoint > 0) await time.sleep(lookUpMs);
        return { checkpoint, positions: new Map() };
      },
    },
    turns: { take: () => Promise.reject(new Error('nobody else writes')) },
    snapshots: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    now: () => new Date(Date.UTC(2026, 0, 1) + time.nowMs).toISOString(),
    newId: () => `id-${String(ids++)}`,
    soon: (run) => {
      time.at(0, run);
    },
    sleep: (ms) => time.sleep(ms),
    limits: { group: groupSize, keptKeys: 0 },
  });

  let answered = 0;
  for (let caller = 0; caller < callers; caller++) {
    void bookkeeper.submit(opening(String(caller))).then((outcome) => {
      if (outcome.accepted) answered++;
    });
  }
  expect(await time.run(() => answered === callers, 10_000)).toBe(true);
  const pausesMs = appends.slice(1).map(({ startMs }, index) => startMs - (appends[index]?.endMs ?? 0));
  expect(pausesMs).toHaveLength(callers / groupSize - 1);
  // The second group cannot be looked up before the first has a key to forget.
  expect(pausesMs.slice(1).every((pauseMs) => pauseMs === 0)).toBe(true);
});

const opening = (commandId: string): Submission => ({
  command: {
    ...{ type: 'OpenAccount', customer: { keyId: 'key', profile: 'sealed' } },
    ...{ accountType: 'current', currency: 'EUR', floor: 0n },
  },
  ...{ commandId, requestHash: 'same', actor: 'test', terminal: 'test', correlationId: '' },
});
