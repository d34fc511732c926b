/** Fingerprints of command ids: all that were added are found, after a snapshot too, and others are not. */
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finish } from '../src/bookkeeper/copying.ts';
import type { SeenColumns, SeenKeys } from '../src/bookkeeper/seen-keys.ts';
import { seenKeys } from '../src/bookkeeper/seen-keys.ts';

const sizeOf = (keys: SeenKeys): number => finish(keys.startCopy()).reduce((sum, part) => sum + (part?.count ?? 0), 0);

test('finds what was added, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (added, others) => {
      const seen = seenKeys();
      for (const id of added) seen.add(id);
      const copy = seenKeys(deserialize(serialize(finish(seen.startCopy()))) as SeenColumns);
      for (const keys of [seen, copy]) {
        expect(sizeOf(keys)).toBe(new Set(added).size);
        for (const id of [...added, ...others]) expect(keys.has(id)).toBe(added.includes(id));
      }
    }),
  );
});

test('what is added to one made of a snapshot is in no other', () => {
  const seen = seenKeys();
  for (let id = 0; id < 500; id += 1) seen.add(`before ${String(id)}`);
  const bytes = serialize(finish(seen.startCopy()));
  // Twice from the same bytes, with enough keys to meet parts that were there before.
  const [one, other] = [seenKeys(deserialize(bytes) as SeenColumns), seenKeys(deserialize(bytes) as SeenColumns)];
  for (let id = 0; id < 5_000; id += 1) one.add(String(id));
  expect([sizeOf(one), sizeOf(other)]).toEqual([5_500, 500]);
  for (let id = 0; id < 5_000; id += 1) expect(other.has(String(id))).toBe(false);
});

test('takes a hundred thousand, at the bytes it says', () => {
  const count = 100_000;
  const seen = seenKeys();
  for (let id = 0; id < count; id += 1) seen.add(`account:17:${String(id)}`);
  expect(sizeOf(seen)).toBe(count);
  let found = 0;
  for (let id = 0; id < 2 * count; id += 1) if (seen.has(`account:17:${String(id)}`)) found += 1;
  expect(found).toBe(count);
  let bytes = 0;
  for (const part of finish(seen.startCopy())) bytes += (part?.words.byteLength ?? 0) + (part?.rests.byteLength ?? 0);
  expect(bytes / count).toBeLessThan(12.5);
});
