/**
 * The fields requests and answers are made of, each defined once, with the sentence for whoever gets it wrong. Made of
 * zod/mini, so that the screens check with the same schemas at little weight. What is registered with an `id` is a
 * component of the OpenAPI document.
 */
import * as z from 'zod/mini';
import { accountStatuses, internalAccountPattern } from '../../ledger/src/domain/account.ts';
import { accountTypes, numberPattern } from '../../ledger/src/domain/events.ts';
import type { Currency } from '../../ledger/src/domain/money.ts';
import { amountPattern, currencies } from '../../ledger/src/domain/money.ts';
import { isTrivialPin } from './trivial-pin.ts';

/** The currency amounts in requests are in. */
export const requestCurrency: Currency = 'EUR';

export const accountNumber = z
  .string()
  .check(z.regex(numberPattern, 'must be an account number: 1 to 15 digits, without a leading zero'))
  .register(z.globalRegistry, { id: 'AccountNumber', description: 'A customer’s account.', example: '17' });

/** Auditors also look at the bank's own accounts. */
export const anyAccount = z
  .string()
  .check(
    z.regex(
      new RegExp(`${numberPattern.source}|${internalAccountPattern.source}`),
      'must be an account: a number such as "17", or one of the bank’s own such as "cash:desk"',
    ),
  )
  .register(z.globalRegistry, {
    id: 'Account',
    description: 'A customer’s account, or one of the bank’s own.',
    example: 'cash:desk',
  });

export const pin = z
  .string()
  .check(z.regex(/^\d{4}$/, 'must be four digits'))
  .register(z.globalRegistry, { id: 'Pin', example: '2527' });

/** A PIN that somebody chooses; that it is no part of the account's number is checked where that is known. */
export const chosenPin = z
  .string()
  .check(
    z.regex(/^\d{4}$/, 'must be four digits'),
    z.refine(
      (typed) => typed.length !== 4 || !isTrivialPin(typed),
      'is too easy to guess: no repeated digits and no sequence',
    ),
  )
  .register(z.globalRegistry, { id: 'ChosenPin', example: '2527' });

/** Zero and below are well formed: the bank itself rejects them. */
export const amount = z
  .string()
  .check(
    z.regex(
      amountPattern[requestCurrency],
      'must be a decimal string such as "20.00": digits, then at most a dot and two decimals',
    ),
  )
  .register(z.globalRegistry, {
    id: 'Amount',
    description: 'A decimal string; never a JSON number.',
    example: '20.00',
  });

/** An amount in an answer: always with all decimals. */
export const money = z
  .string()
  .check(z.regex(/^-?\d+\.\d{2}$/))
  .register(z.globalRegistry, {
    id: 'Money',
    description: 'A decimal string with the currency’s decimals.',
    example: '1234.50',
  });

export const currency = z.enum(currencies).register(z.globalRegistry, { id: 'Currency', description: 'ISO 4217.' });

export const accountType = z.enum(accountTypes).register(z.globalRegistry, { id: 'AccountType' });

export const accountStatus = z.enum(accountStatuses).register(z.globalRegistry, { id: 'AccountStatus' });

export const position = z.int().check(z.nonnegative()).register(z.globalRegistry, {
  id: 'Position',
  description: 'A position in the journal, counted from 1.',
  example: 9071,
});

export const moment = z
  .string()
  .register(z.globalRegistry, { id: 'Moment', description: 'ISO 8601, UTC.', example: '2026-01-31T09:30:00.000Z' });

export const timeZone = z.string().register(z.globalRegistry, {
  id: 'TimeZone',
  description: 'The bank’s one civil time zone, an IANA name: its days begin and end there.',
  example: 'Europe/Paris',
});

export const day = z
  .string()
  .register(z.globalRegistry, { id: 'Day', description: 'A civil day of the bank, ISO 8601.', example: '2026-01-31' });

const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** Joiners and variation selectors: nothing by themselves, but some scripts and emoji need them between what is seen. */
const joining = /[\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;
/** A letter, digit, punctuation or symbol; the blank of Braille is a symbol that nobody sees. */
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * Why nobody could read a name or a label as what it is; undefined where nothing is wrong. The API's rule and the
 * import's.
 */
export function faultInText(text: string): 'control' | 'invisible' | 'nothing visible' | undefined {
  if (control.test(text)) return 'control';
  const joined = text.replace(joining, '');
  if (invisible.test(joined)) return 'invisible';
  return visible.test(joined.replaceAll('\u2800', '')) ? undefined : 'nothing visible';
}

const faultSentences = {
  control: 'must not have control characters in it',
  invisible: 'must not have invisible characters or marks of the direction of writing in it',
  'nothing visible': 'must have something in it that can be seen',
} as const;

/** Text a person typed: composed (NFC), trimmed, not empty, bounded, nothing invisible in it. */
export const text = (most: number): z.ZodMiniString =>
  z.string().check(
    z.normalize('NFC'),
    z.trim(),
    z.minLength(1, 'must not be empty'),
    z.maxLength(most, `must have at most ${String(most)} characters`),
    z.refine((typed) => typed.isWellFormed(), 'must be well-formed Unicode'),
    z.superRefine((typed, context) => {
      const fault = typed === '' || !typed.isWellFormed() ? undefined : faultInText(typed);
      if (fault !== undefined) context.addIssue(faultSentences[fault]);
    }),
  );

/** Why somebody of the staff does something: it goes into the journal. */
export const reason = text(500);

export const proposalId = z.uuid().register(z.globalRegistry, {
  id: 'ProposalId',
  description: 'What waits for a second person of the staff.',
  example: '0b8f1c2e-5d3a-4c59-9d0a-6f6b1f0d2a77',
});

/** How many characters each field of a customer's profile may have; of a telephone number, beside the + in front. */
export const profileLengths = {
  lastName: 80,
  firstName: 80,
  address: 200,
  postalCode: 16,
  city: 80,
  landline: 30,
  mobile: 30,
} as const;

/** A telephone number of at most `most` characters beside the + in front. */
export const phone = (most: number): z.ZodMiniString =>
  z
    .string()
    .check(
      z.trim(),
      z.regex(
        new RegExp(`^\\+?[\\d .()/-]{4,${String(most)}}$`),
        'must be a telephone number: digits, blanks, . ( ) / -, with an optional + in front',
      ),
    );

/** The name under which one of the bank's staff logs in. */
export const username = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9._-]{0,23}$/, 'must be a user name: 1 to 24 of a-z, 0-9, ".", "_", "-"'));

/** Queries are strings: a whole number in one. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const sentence = `must be a whole number from ${String(least)} to ${String(most)}`;
  return z
    .pipe(
      z.string().check(z.regex(/^\d{1,16}$/, sentence)),
      z.transform((digits) => Number(digits)),
    )
    .check(
      z.refine((number) => number >= least && number <= most, sentence),
      z.meta({ type: 'integer', minimum: least, maximum: most }),
    );
}

/** `?after=<position>`: the answer includes everything up to there. */
export const after = z
  .optional(wholeNumber(0))
  .check(z.describe('Waits (at most two seconds) until the answer includes this position, as a command answered it.'));
