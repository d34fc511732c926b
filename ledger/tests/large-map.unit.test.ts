/** Large maps and sets behave as V8's own, on both sides of the bound of a part. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LargeMap, LargeSet } from '../src/large-map.ts';

/** So few that short histories cross it. */
const mostInPart = 3;

const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key: fc.nat(12), value: fc.option(fc.nat(), { nil: undefined }) }),
  fc.record({ do: fc.constant('delete' as const), key: fc.nat(12) }),
);
const sorted = <T>(items: Iterable<T>): T[] =>
  [...items].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

test('after any steps a large map holds what a map holds, and a large set what a set holds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [map, large] = [
        new Map<number, number | undefined>(),
        new LargeMap<number, number | undefined>([], mostInPart),
      ];
      const [set, largeSet] = [new Set<number>(), new LargeSet<number>([], mostInPart)];
      for (const one of steps) {
        if (one.do === 'set') {
          map.set(one.key, one.value);
          large.set(one.key, one.value);
          set.add(one.key);
          largeSet.add(one.key);
        } else {
          expect(large.delete(one.key)).toBe(map.delete(one.key));
          expect(largeSet.delete(one.key)).toBe(set.delete(one.key));
        }
        expect([large.size, largeSet.size]).toEqual([map.size, set.size]);
        for (let key = 0; key <= 13; key++) {
          expect([large.has(key), large.get(key), largeSet.has(key)]).toEqual([
            map.has(key),
            map.get(key),
            set.has(key),
          ]);
        }
      }
      expect(sorted(large)).toEqual(sorted(map));
      expect(sorted(large.keys())).toEqual(sorted(map.keys()));
      expect(sorted(largeSet)).toEqual(sorted(set));
      expect(sorted(new LargeMap(large, mostInPart))).toEqual(sorted(map));
    }),
  );
});
