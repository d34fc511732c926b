/** Each field of the kiosk's forms is accepted exactly when the bank's contract accepts it in a request. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openAccount } from '../../api/src/calls/accounts.ts';
import { transfer, withdraw } from '../../api/src/calls/money.ts';
import type { Question } from '../src/bank/opening-answers.ts';
import { answerOf, isOptional, questions } from '../src/bank/opening-answers.ts';
import { decimalOf } from '../src/bank/amount.ts';

const opening = {
  ...{ pin: '2527', lastName: 'Dupont', firstName: 'Zoé', address: '1 rue de l’Église', postalCode: '13001' },
  ...{ city: 'Marseille', accountType: 'current' },
};
/** As the opening is sent with this answer in it; what is left empty where it may be is not sent. */
const isOpening = (question: Question, typed: string): boolean => {
  const isLeftOut = isOptional(question) && typed.trim() === '';
  return openAccount.body.safeParse({ ...opening, [question]: isLeftOut ? undefined : typed }).success;
};

const typed = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 220 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.stringMatching(/^[+]?[\d .()/-]{0,40}$/),
  fc.string({ unit: fc.constantFrom(' ', '\t', '\u00a0', 'a'), maxLength: 90 }),
);

describe.each(questions)('%s', (question) => {
  test.each([
    ...['', ' ', 'x', ' x ', 'a'.repeat(16), 'a'.repeat(17), 'a'.repeat(80), 'a'.repeat(81), 'a'.repeat(200)],
    ...['a'.repeat(201), 'e\u0301', 'a\u202eb', 'a\nb', '\ud800', '123', '1234', '+33 6 12 34 56 78', '0'.repeat(30)],
    ...['0'.repeat(31), '+', '12 bis, rue des Trois-Frères'],
  ])('%j is judged as the bank judges it', (text) => {
    expect(answerOf(question, text).is === 'taken').toBe(isOpening(question, text));
  });

  test('any text is judged as the bank judges it', () => {
    fc.assert(
      fc.property(typed, (text) => {
        expect(answerOf(question, text).is === 'taken').toBe(isOpening(question, text));
      }),
    );
  });

  test('an answer is sent as the bank reads it', () => {
    fc.assert(
      fc.property(typed, (text) => {
        const answer = answerOf(question, text);
        if (answer.is !== 'taken' || answer.value === undefined) return;
        const read = openAccount.body.parse({ ...opening, [question]: text });
        expect(read[question]).toBe(answer.value);
      }),
    );
  });
});

test('what is missing is told apart from what is wrong', () => {
  expect(answerOf('city', '  ')).toEqual({ is: 'empty' });
  expect(answerOf('city', 'a'.repeat(81))).toEqual({ is: 'wrong' });
  expect(answerOf('mobile', ' ')).toEqual({ is: 'taken', value: undefined });
  expect(answerOf('mobile', 'x')).toEqual({ is: 'wrong' });
});

describe('an amount', () => {
  const anAmount = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.stringMatching(/^-?\d{0,17}([.,]\d{0,3})?$/),
    fc.stringMatching(/^0{0,3}[.,]?0{0,2}$/),
  );
  /** Well formed and above zero; a comma is how many people write the point. */
  const isSendable = (text: string): boolean =>
    withdraw.body.safeParse({ pin: '2527', amount: text.replace(',', '.') }).success &&
    /[1-9]/.test(text) &&
    !text.startsWith('-');

  test('is judged as the bank judges it', () => {
    fc.assert(
      fc.property(anAmount, (text) => {
        expect(decimalOf(text) !== undefined).toBe(isSendable(text));
      }),
    );
  });

  test('is sent in a form that every call takes', () => {
    fc.assert(
      fc.property(anAmount, (text) => {
        const decimal = decimalOf(text);
        if (decimal === undefined) return;
        expect(decimal).toMatch(/^(0|[1-9]\d*)\.\d{2}$/);
        expect(transfer.body.safeParse({ to: '17', pin: '2527', amount: decimal }).success).toBe(true);
      }),
    );
  });
});
