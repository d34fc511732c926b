/** Each field's accepted and rejected values, and the sentence for a rejected one. */
import type * as z from 'zod/mini';
import { expect, test } from 'vitest';
import * as fields from '../src/fields.ts';

const { accountNumber, anyAccount, pin, amount, money, username, phone, text, faultInText, wholeNumber } = fields;

const accepted: readonly [string, z.ZodMiniType, readonly string[]][] = [
  ['accountNumber', accountNumber, ['1', '17', '999999999999999']],
  ['anyAccount', anyAccount, ['17', 'cash:desk', 'cash:T-1.a_b', 'external:import', `cash:${'x'.repeat(100)}`]],
  ['pin', pin, ['0000', '2527']],
  ['amount', amount, ['20', '20.5', '20.50', '-0.01', '0', '007', '999999999999999.99']],
  ['money', money, ['0.00', '-1.23', '12345678901234567.00']],
  ['currency', fields.currency, ['EUR']],
  ['accountType', fields.accountType, ['current', 'life_insurance']],
  ['accountStatus', fields.accountStatus, ['open', 'frozen', 'closed']],
  ['username', username, ['a', 'ada.lovelace_1-2', `a${'b'.repeat(23)}`]],
  ['phone', phone(30), ['1234', '+33 6 12.34.56-78', '(01) 23/45', `+${'1'.repeat(30)}`]],
  ['wholeNumber', wholeNumber(1, 100), ['1', '100', '007']],
];
test.each(accepted.flatMap(([name, schema, values]) => values.map((value) => [name, value, schema] as const)))(
  '%s accepts %j',
  (_name, value, schema) => {
    expect(schema.safeParse(value).success).toBe(true);
  },
);

const rejected: readonly [string, z.ZodMiniType, RegExp, readonly unknown[]][] = [
  [
    'accountNumber',
    accountNumber,
    /^must be an account number/,
    ['', '0', '017', '1'.repeat(16), ' 17', '17\n', '+17', '1e3', '١٧', 'cash:desk'],
  ],
  [
    'anyAccount',
    anyAccount,
    /^must be an account:/,
    ['', '00', 'cash:', 'till:desk', 'cash:a b', `cash:${'x'.repeat(101)}`, 'x17', '17x', '17cash:desk'],
  ],
  ['pin', pin, /^must be four digits$/, ['', '123', '12345', '12a4', ' 1234', '１２３４']],
  [
    'amount',
    amount,
    /^must be a decimal string/,
    ['', '1,5', '1.234', '1.', '.5', '+1', '1e3', '--1', ' 1', '1 ', '0x10', 'NaN', '١', '1'.repeat(16)],
  ],
  ['username', username, /^must be a user name/, ['', 'Ada', '1a', '-a', 'a b', `a${'b'.repeat(24)}`, 'a:b']],
  ['phone', phone(30), /^must be a telephone number/, ['', '123', 'none', '++33', '1'.repeat(31), '12;34']],
  [
    'wholeNumber',
    wholeNumber(1, 100),
    /^must be a whole number from 1 to 100$/,
    ['', '0', '101', '-1', '1.5', '1e1', 'x', ' 1', '9'.repeat(17)],
  ],
  ['text', text(5), /^must/, ['', '  ', '123456', 'a\u0000b', 'a\nb', 'a\u2028b', 'a\u202eb', 'a\ud800']],
];
test.each(
  rejected.flatMap(([name, schema, sentence, values]) =>
    values.map((value) => [name, value, schema, sentence] as const),
  ),
)('%s rejects %j', (_name, value, schema, sentence) => {
  expect(schema.safeParse(value).error?.issues.map(({ message }) => message)).toEqual([
    expect.stringMatching(sentence),
  ]);
});

test.each(accepted)('%s is text, never a number', (_name, schema) => {
  expect(schema.safeParse(17).success).toBe(false);
  expect(schema.safeParse(undefined).success).toBe(false);
});

test.each([
  ...['\u200b', '\u00ad', '\u2060', '\u3164', '\u115f', '\u{e0041}\u{e0042}', '\u034f', '\u180e', '\u200d', '\ufe0f'],
  ...[
    '\u2800',
    '\u0301',
    '\u3164 \u3164',
    '\u200bDupont',
    'Du\u00adpont',
    'Dupont\u200f',
    '\u202eknab',
    '\u2067a\u2069',
    '\u061ca',
  ],
])('text with nothing to see, or with something that cannot be seen, is rejected: %j', (typed) => {
  expect(faultInText(typed)).toBeDefined();
  expect(
    text(20)
      .safeParse(typed)
      .error?.issues.map(({ message }) => message),
  ).toEqual([expect.stringMatching(/^must (?:not have invisible|have something)/)]);
});

test.each([
  'Zoé',
  'Łukasz Wałęsa',
  'Παπαδόπουλος',
  'Щербаков',
  'محمد',
  'نیم\u200cفاصله',
  '葛\u{e0100}城',
  '❤\ufe0f',
  '👩\u200d💻',
  '…',
  '42',
])('text of any script is taken as it is: %j', (typed) => {
  expect(faultInText(typed)).toBeUndefined();
  expect(text(20).parse(typed)).toBe(typed.normalize('NFC'));
});

test('typed text is composed and trimmed', () => {
  expect(text(4).parse('  Zoe\u0301 ')).toBe('Zo\u00e9');
});

test('a whole number in a query is read as a number', () => {
  expect(wholeNumber(0).parse(String(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
  expect(wholeNumber(0).safeParse('9007199254740992').success).toBe(false);
  expect(fields.after.parse(undefined)).toBeUndefined();
});

test('a position is a whole number from 0 on', () => {
  expect(fields.position.safeParse(9071).success).toBe(true);
  for (const wrong of [-1, 1.5, '1', Number.NaN]) expect(fields.position.safeParse(wrong).success).toBe(false);
});
