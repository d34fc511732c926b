/** A short crash drill: each kind of fault once, under a load of every kind of command, and nothing is lost or doubled. */
import { expect, test } from 'vitest';
import { crashDrill } from '../operations/src/drill/crash.ts';
import { textOf } from '../operations/src/drill/report.ts';
import { testEventLog } from './support/event-log.ts';

/** As many as there are kinds of faults. */
const rounds = 8;

test('nothing is lost or doubled in a short crash drill', { timeout: 600_000, retry: 0 }, async () => {
  const seen: string[] = [];
  const report = await crashDrill({
    ...{ rounds, seed: 15, eventLog: testEventLog() },
    onRound: ({ faults }) => seen.push(...faults),
  });
  expect(report.differences, textOf(report)).toEqual([]);
  expect(report.unanswered, textOf(report)).toBe(0);
  expect(report.answers, textOf(report)).not.toHaveProperty('500 internal_error');
  expect(report.rounds).toBe(rounds);
  expect(report.accepted).toBeGreaterThan(50);
  const kinds = new Set(seen.map((fault) => fault.split(':')[0]));
  expect(kinds).toEqual(
    new Set(['killed', 'frozen', 'delayed', 'halved', 'dropped', 'vanished', 'reset', 'trickling']),
  );
});
