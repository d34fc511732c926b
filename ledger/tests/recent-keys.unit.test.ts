/** The cached idempotency keys: found until they are forgotten, and forgotten only where the read model has them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recentKeys } from '../src/bookkeeper/recent-keys.ts';

test('finds a command at the position of its first event', () => {
  const keys = recentKeys(0);
  keys.remember('a', 1);
  keys.remember('a', 2);
  keys.remember('b', 3);
  expect([keys.positionOf('a'), keys.positionOf('b'), keys.positionOf('c'), keys.size]).toEqual([1, 3, undefined, 2]);
});

test('forgets the oldest beyond the limit, and says up to where', () => {
  const keys = recentKeys(10);
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) keys.remember(id, 11 + index);
  keys.forget({ checkpoint: 14, most: 2 });
  expect(['a', 'b', 'c', 'd'].map((id) => keys.positionOf(id))).toEqual([undefined, undefined, 13, 14]);
  expect([keys.forgottenUpTo, keys.size]).toEqual([12, 2]);
});

test('forgets nothing while there are no more than the limit', () => {
  const keys = recentKeys(0);
  keys.remember('a', 1);
  keys.forget({ checkpoint: 1, most: 1 });
  expect([keys.positionOf('a'), keys.forgottenUpTo]).toEqual([1, 0]);
});

test('forgets nothing that the read model has not reached', () => {
  const keys = recentKeys(0);
  for (const position of [1, 2, 3]) keys.remember(String(position), position);
  keys.forget({ checkpoint: 2, most: 0 });
  expect([keys.positionOf('2'), keys.positionOf('3'), keys.forgottenUpTo]).toEqual([undefined, 3, 2]);
});

test('has every key above the position up to which keys may be forgotten', () => {
  const steps = fc.array(
    fc.record({
      checkpoint: fc.nat(60),
      most: fc.nat(20),
      commands: fc.nat(10),
      eventsEach: fc.integer({ min: 1, max: 2 }),
    }),
  );
  fc.assert(
    fc.property(steps, (given) => {
      const keys = recentKeys(0);
      const first: number[] = [];
      let head = 0;
      for (const { checkpoint, most, commands, eventsEach } of given) {
        for (let n = 0; n < commands; n++) {
          first.push(head + 1);
          for (let event = 0; event < eventsEach; event++) keys.remember(`command-${String(first.length)}`, ++head);
        }
        keys.forget({ checkpoint: Math.min(checkpoint, head), most });
        for (const [index, position] of first.entries()) {
          if (position > keys.forgottenUpTo) expect(keys.positionOf(`command-${String(index + 1)}`)).toBe(position);
        }
      }
    }),
  );
});
