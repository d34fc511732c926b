/** The fields requests and answers are made of, each defined once, with the sentence for whoever gets it wrong. */
import { z } from 'zod';
import { accountTypes } from '../../../../ledger/src/domain/events.ts';
import type { Currency } from '../../../../ledger/src/domain/money.ts';
import { currencies } from '../../../../ledger/src/domain/money.ts';

/** The currency amounts in requests are in. */
export const requestCurrency: Currency = 'EUR';

export const accountNumber = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be an account number: 1 to 15 digits, without a leading zero')
  .meta({ id: 'AccountNumber', description: 'A customer’s account.', example: '17' });

/** Auditors also look at the bank's own accounts. */
export const anyAccount = z
  .string()
  .regex(
    /^(?:[1-9]\d{0,14}|(?:cash|external):[\w.:-]{1,100})$/,
    'must be an account: a number such as "17", or one of the bank’s own such as "cash:desk"',
  )
  .meta({ id: 'Account', description: 'A customer’s account, or one of the bank’s own.', example: 'cash:desk' });

export const pin = z
  .string()
  .regex(/^\d{4}$/, 'must be four digits')
  .meta({ id: 'Pin', example: '2527' });

/** Zero and below are well formed: the bank itself refuses them. */
export const amount = z
  .string()
  .regex(
    /^-?\d{1,15}(?:\.\d{1,2})?$/,
    'must be a decimal string such as "20.00": digits, then at most a dot and two decimals',
  )
  .meta({ id: 'Amount', description: 'A decimal string; never a JSON number.', example: '20.00' });

/** An amount in an answer: always with all decimals. */
export const money = z
  .string()
  .regex(/^-?\d+\.\d{2}$/)
  .meta({ id: 'Money', description: 'A decimal string with the currency’s decimals.', example: '1234.50' });

export const currency = z.enum(currencies).meta({ id: 'Currency', description: 'ISO 4217.' });

export const accountType = z.enum(accountTypes).meta({ id: 'AccountType' });

export const accountStatus = z.enum(['open', 'frozen', 'closed']).meta({ id: 'AccountStatus' });

export const position = z
  .int()
  .nonnegative()
  .meta({ id: 'Position', description: 'A place in the journal, counted from 1.', example: 9071 });

export const moment = z
  .string()
  .meta({ id: 'Moment', description: 'ISO 8601, UTC.', example: '2026-01-31T09:30:00.000Z' });

export const day = z.string().meta({ id: 'Day', description: 'ISO 8601.', example: '2026-01-31' });

// Control characters, line separators and marks that turn the direction of writing do not belong in a name or a label.
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** Text a person typed: composed (NFC), trimmed, not empty, bounded, nothing invisible in it. */
export const text = (most: number): z.ZodString =>
  z
    .string()
    .normalize('NFC')
    .trim()
    .min(1, 'must not be empty')
    .max(most, `must have at most ${String(most)} characters`)
    .refine((typed) => typed.isWellFormed(), 'must be well-formed Unicode')
    .refine((typed) => !invisible.test(typed), 'must not have control characters in it');

/** Queries are strings: a whole number in one. */
export function wholeNumber(least: number, most: number) {
  const sentence = `must be a whole number from ${String(least)} to ${String(most)}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, sentence)
    .transform(Number)
    .refine((number) => number >= least && number <= most, sentence)
    .meta({ type: 'integer', minimum: least, maximum: most });
}

/** `?after=<position>`: the answer includes everything up to there. */
export const after = wholeNumber(0, Number.MAX_SAFE_INTEGER).optional().meta({
  description: 'Waits (at most two seconds) until the answer includes this position, as a command answered it.',
});
