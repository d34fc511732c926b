/** Jepsen's bank workload in short: whoever reads all accounts at once never sees money missing, whatever breaks meanwhile. */
import { expect, test } from 'vitest';
import { bankDrill } from '../operations/src/drill/bank.ts';
import { textOf } from '../operations/src/drill/report.ts';
import { testEventLog } from './support/event-log.ts';

test('no reader sees money missing', { timeout: 600_000, retry: 0 }, async () => {
  const report = await bankDrill({ rounds: 3, seed: 15, eventLog: testEventLog(), onRound: () => undefined });
  expect(report.differences, textOf(report)).toEqual([]);
  expect(report.unanswered, textOf(report)).toBe(0);
  expect(report.calls['transfer']).toBeGreaterThan(20);
  expect(report.reads).toBeGreaterThan(20);
});
