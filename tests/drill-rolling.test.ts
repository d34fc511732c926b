/** Two servers restarted one after the other under load: whoever asks once more gets an answer, and nothing is lost. */
import { expect, test } from 'vitest';
import { textOf } from '../operations/src/drill/report.ts';
import { rollingDrill } from '../operations/src/drill/rolling.ts';
import { testEventLog } from './support/event-log.ts';

/** A server that does not end by itself by then ends with 1, which fails the drill. */
const endWithinMs = 20_000;

test('a rolling restart loses nothing for clients that retry once', { timeout: 600_000, retry: 0 }, async () => {
  const ends: number[] = [];
  const report = await rollingDrill({
    ...{ rounds: 1, seed: 15, eventLog: testEventLog() },
    onRound: ({ heldMs }) => ends.push(heldMs),
  });
  expect(report.differences, textOf(report)).toEqual([]);
  expect(report.unanswered, textOf(report)).toBe(0);
  expect(report.accepted).toBeGreaterThan(50);
  expect(ends).toHaveLength(2);
  expect(Math.max(...ends)).toBeLessThan(endWithinMs);
});
