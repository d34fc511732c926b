/** A copy of the book made in steps: it holds what was there when it was begun, whatever happens between its steps. */
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BookColumns, LiveBook, Undo } from '../src/bookkeeper/book.ts';
import type { Copying } from '../src/bookkeeper/copying.ts';
import { finish } from '../src/bookkeeper/copying.ts';
import { seenKeys } from '../src/bookkeeper/seen-keys.ts';
import type { LedgerEvent } from '../src/domain/events.ts';
import { bookOfMany } from './support/many-accounts.ts';

/** Several steps of accounts. */
const rows = 30_000;

const someBook = (): LiveBook => bookOfMany(rows);

function deposited(book: LiveBook, account: string): LedgerEvent {
  const posting = (to: string, amount: bigint) => {
    const { version, balance } = book.account(to) ?? { version: 0, balance: 0n };
    return { account: to, amount, version: version + 1, balance: balance + amount };
  };
  return { type: 'Deposited', currency: 'EUR', postings: [posting('cash:t', -7n), posting(account, 7n)] };
}

const opened = (book: LiveBook): LedgerEvent => ({
  type: 'AccountOpened',
  account: book.nextAccount(),
  customer: '1',
  accountType: 'current',
  currency: 'EUR',
  floor: 0n,
});

const registered = (book: LiveBook): LedgerEvent => ({
  type: 'CustomerRegistered',
  customer: book.nextCustomer(),
  keyId: '00000000-0000-4000-8000-000000000001',
  profile: 'sealed',
});

const account = fc.integer({ min: 1, max: rows });
const action = fc.oneof(
  fc.constant({ what: 'step' } as const),
  fc.record({ what: fc.constant('deposit' as const), account, isUndone: fc.boolean() }),
  fc.record({ what: fc.constantFrom('open' as const, 'register' as const), isUndone: fc.boolean() }),
);

test('a copy of the book is the book as it was when the copy was begun, for any order of steps and events', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const book = someBook();
      book.apply(deposited(book, '5'));
      const before = serialize(finish(book.startCopy()));
      const copying = book.startCopy();
      let copy: BookColumns | undefined;
      for (const one of actions) {
        if (one.what === 'step') copy ??= copying.step();
        else {
          const undo: Undo = [];
          const event =
            one.what === 'deposit'
              ? deposited(book, String(one.account))
              : one.what === 'open'
                ? opened(book)
                : registered(book);
          book.apply(event, undo);
          if (one.isUndone) for (const back of undo.toReversed()) back();
        }
      }
      const after = serialize(finish(book.startCopy()));
      expect(serialize(copy ?? finish(copying)).equals(before)).toBe(true);
      // And the copy changed nothing in what was copied.
      expect(serialize(finish(book.startCopy())).equals(after)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('it takes several steps, and each copies a part only', () => {
  let steps = 1;
  for (const copying = someBook().startCopy(); copying.step() === undefined;) steps += 1;
  expect(steps).toBeGreaterThan(4);
});

test('a copy of the seen keys knows those that were seen when it was begun, and no others', () => {
  const seen = seenKeys();
  const ids = (what: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${what}-${String(n)}`);
  const early = ids('early', 100_000);
  for (const id of early) seen.add(id);
  const copying: Copying<Parameters<typeof seenKeys>[0]> = seen.startCopy();
  const late = ids('late', 50_000);
  expect(copying.step()).toBeUndefined();
  for (const id of late) seen.add(id);
  const copy = seenKeys(finish(copying));
  expect(early.every((id) => copy.has(id))).toBe(true);
  expect(late.some((id) => copy.has(id))).toBe(false);
  expect(late.every((id) => seen.has(id))).toBe(true);
});
