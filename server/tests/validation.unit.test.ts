/** What a request is told when it is not well formed: one sentence for each mistake, and never a value. */
import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { pin, wholeNumber } from '../../api/src/fields.ts';
import { check, compiled } from '../src/http/validation.ts';

const schema = z.strictObject({
  pin,
  kind: z.enum(['a', 'b', 'c']),
  count: z.int(),
  list: z.array(z.strictObject({ name: z.string() })),
});
const good = { pin: '2527', kind: 'a', count: 1, list: [{ name: 'x' }] };

// A generated parser must say the same as the schema itself.
test.each([
  ['the schema', schema],
  ['the compiled schema', compiled(schema) ?? schema],
])('%s gives the value, or where and what is wrong', (_which, used) => {
  const mistakes = (value: unknown) => {
    const checked = check(used, value, 'body');
    return 'mistakes' in checked ? checked.mistakes.map(({ where, problem }) => `${where} ${problem}`) : checked;
  };
  expect(mistakes(good)).toEqual({ value: good });
  expect(mistakes(undefined)).toEqual(['body is missing']);
  expect(mistakes([])).toEqual(['body must be an object']);
  expect(mistakes({ ...good, pin: undefined })).toEqual(['body.pin is missing']);
  expect(mistakes({ ...good, pin: 2527 })).toEqual(['body.pin must be a string']);
  expect(mistakes({ ...good, pin: '25277' })).toEqual(['body.pin must be four digits']);
  expect(mistakes({ ...good, kind: 'd' })).toEqual(['body.kind must be "a", "b" or "c"']);
  expect(mistakes({ ...good, list: [{ name: 'x' }, {}] })).toEqual(['body.list[1].name is missing']);
  expect(mistakes({ ...good, one: 1, two: 2 })).toEqual(['body has an unknown field: "one", "two"']);
});

test('no value is repeated, and names of unknown fields are cut', () => {
  const told = JSON.stringify(
    check(schema, { pin: 'secret', kind: 'secret', count: 'secret', list: 'secret' }, 'body'),
  );
  expect(told).toContain('mistakes');
  expect(told).not.toContain('secret');
  const long = JSON.stringify(check(z.strictObject({}), { ['x'.repeat(1_000)]: 1 }, 'query'));
  expect(long).toContain('query');
  expect(long.length).toBeLessThan(200);
});

test('at most ten mistakes are listed', () => {
  const checked = check(z.array(z.string()), Array(50).fill(1), 'body');
  expect('mistakes' in checked && checked.mistakes).toHaveLength(10);
});

test('a query’s fields are read as what they mean', () => {
  const query = z.strictObject({ limit: z._default(wholeNumber(1, 9), 5), after: z.optional(wholeNumber(0)) });
  const both = [query, compiled(query) ?? query];
  for (const used of both) {
    expect(check(used, { after: '3' }, 'query')).toEqual({ value: { limit: 5, after: 3 } });
    expect(check(used, { limit: '10' }, 'query')).toEqual({
      mistakes: [{ where: 'query.limit', problem: 'must be a whole number from 1 to 9' }],
    });
  }
});
