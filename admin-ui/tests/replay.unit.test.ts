/** The ways through a replay, when what was asked for comes late: the point asked for last is the one shown. */
import { expect, test, vi } from 'vitest';
import { effectScope } from 'vue';
import type { EventWindow, Step } from '../src/replay/history.ts';
import type { Replay } from '../src/replay/replay.ts';
import { useReplay } from '../src/replay/replay.ts';

const last = 10_000;
const pending: ((found: EventWindow) => void)[] = [];
vi.mock(import('../src/replay/history.ts'), async (original) => ({
  ...(await original()),
  loadWindow: () => new Promise<EventWindow>((resolve) => pending.push(resolve)),
  versionAt: () => Promise.resolve(9_500),
}));

const stepAt = (version: number): Step =>
  ({ state: { version }, recorded: { event: { type: 'Deposited' } }, event: {} }) as unknown as Step;
const windowAt = (first: number): EventWindow => ({
  base: { version: first - 1 } as never,
  steps: Array.from({ length: 10 }, (_, n) => stepAt(first + n)),
  next: first + 10,
  broken: undefined,
});

test.each<[string, (replay: Replay) => Promise<unknown>]>([
  ['another version', (replay) => replay.seek(5_003)],
  ['the step after', (replay) => replay.stepBy(1)],
])('whoever asked for the end and then for %s stays there when the end comes', async (_what, goOn) => {
  const scope = effectScope();
  const replay = scope.run(() => useReplay('100001', () => last, String));
  if (replay === undefined) throw new Error('the replay was not made');
  const first = replay.seek(5_000);
  pending.shift()?.(windowAt(5_000));
  await first;
  expect(replay.version.value).toBe(5_000);
  const end = replay.toEnd();
  await goOn(replay);
  const chosen = replay.version.value;
  pending.shift()?.(windowAt(9_990));
  await end;
  expect(chosen).toBeGreaterThan(5_000);
  expect(replay.version.value).toBe(chosen);
  expect(replay.hasFailed.value).toBe(false);
  scope.stop();
});
