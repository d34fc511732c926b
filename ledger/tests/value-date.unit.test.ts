/** The day a command counts from: the bank's own, whatever day it is in UTC. */
import { expect, test } from 'vitest';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import { civilTime } from '../src/civil-time.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { systemTimer } from '../src/timer.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

test.each([
  ['Europe/Paris', '2026-11-24T22:59:59.999Z', '2026-11-24'],
  ['Europe/Paris', '2026-11-24T23:24:00.000Z', '2026-11-25'],
  ['America/New_York', '2026-11-25T04:30:00.000Z', '2026-11-24'],
])('in %s a command of %s counts from %s', async (timeZone, now, valueDate) => {
  let ids = 0;
  const bookkeeper = await openBookkeeper({
    journal: memoryJournal(),
    keys: { lookUp: () => Promise.resolve({ checkpoint: 0, positions: new Map() }) },
    writerLock: { acquire: () => Promise.reject(new Error('nobody else writes')) },
    snapshots: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    now: () => now,
    dayOf: civilTime(timeZone).dayOf,
    cashLimits: plentyOfCash,
    newId: () => `id-${String(ids++)}`,
    macKey: testMacKey,
    schedule: setImmediate,
    timer: systemTimer,
  });
  const outcome = await bookkeeper.submit({
    command: {
      type: 'OpenAccount',
      customer: { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' },
      accountType: 'current',
      currency: 'EUR',
      floor: 0n,
    },
    ...{ commandId: 'one', requestHash: 'hash', actor: 'test', terminal: 'test', correlationId: '' },
  });
  expect(outcome).toMatchObject({
    recorded: [{ metadata: { recordedAt: now, valueDate } }, { metadata: { valueDate } }],
  });
  await bookkeeper.stop();
});
