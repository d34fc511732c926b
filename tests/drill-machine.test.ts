/** Each fault of the machine once, under load: disks, connections, open files, clocks; what this machine cannot do is named. */
import { expect, test } from 'vitest';
import { machineDrill } from '../operations/src/drill/machine.ts';
import { textOf } from '../operations/src/drill/report.ts';
import { testEventLog } from './support/event-log.ts';

test('nothing is lost when the machine fails', { timeout: 900_000, retry: 0 }, async () => {
  const seen: string[] = [];
  const { skipped, ...report } = await machineDrill({
    ...{ seed: 15, eventLog: testEventLog() },
    onRound: ({ faults }) => seen.push(...faults),
  });
  for (const { name, why } of skipped) console.log(`skipped: ${name}: ${why}`);
  expect(report.differences, textOf(report)).toEqual([]);
  expect(report.unanswered, textOf(report)).toBe(0);
  expect(report.answers, textOf(report)).not.toHaveProperty('500 internal_error');
  expect([...seen, ...skipped.map(({ name }) => name)].sort()).toEqual([
    'fsync fails',
    'no connection is left in PostgreSQL',
    'no file is left to server-a',
    'server-b’s clock jumps an hour ahead',
    'server-b’s clock jumps an hour back',
    'the disk is full',
    'the disk is read-only',
  ]);
});
