/** Rows sorted in runs come out as if they had been sorted at once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byDateAndNumber } from '../src/bank-rows.ts';
import { openRowFile } from '../src/row-file.ts';
import { sortRows } from '../src/sort-rows.ts';

const row = fc.record({
  valueDate: fc.constantFrom('2023-12-31', '2024-01-01', '2024-02-29'),
  operation: fc.integer({ min: 1, max: 300 }).map(String),
});

test('is the order of days and numbers, whatever the pieces and the runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(row, { minLength: 1, maxLength: 20 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 50 }),
      async (pieces, rowsOfRun) => {
        const file = await openRowFile<(typeof pieces)[number][number]>();
        for (const piece of pieces) await file.add(piece);
        let counted = 0;
        const sorted = await sortRows(file, byDateAndNumber, {
          rowsOfRun,
          onRows(count) {
            counted += count;
          },
        });
        const found: (typeof pieces)[number] = [];
        for await (const some of sorted.rows()) found.push(...some);
        await file.close();
        await sorted.close();
        const expected = pieces
          .flat()
          .toSorted(
            (one, other) =>
              Date.parse(one.valueDate) - Date.parse(other.valueDate) ||
              Number(one.operation) - Number(other.operation),
          );
        expect(found).toEqual(expected);
        expect(counted).toBe(expected.length);
      },
    ),
    { numRuns: 60 },
  );
});
