/** What the kiosk says and reads, without a browser: amounts as typed, and a sentence for every rejection it can meet. */
import { expect, test } from 'vitest';
import { changePin, openAccount, readOwnAccount, readOwnEntries } from '../../api/src/calls/accounts.ts';
import type { Call } from '../../api/src/call.ts';
import { rejectionsOf } from '../../api/src/call.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { decimalOf } from '../src/bank/amount.ts';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';

test.each([
  ['45', '45.00'],
  ['45,5', '45.50'],
  ['45.05', '45.05'],
  ['007', '7.00'],
  ['0,01', '0.01'],
  ['999999999999', '999999999999.00'],
  ['0', undefined],
  ['0,00', undefined],
  ['', undefined],
  ['1,234', undefined],
  ['1,2,3', undefined],
  [',5', undefined],
  ['999999999999999,99', '999999999999999.99'],
  ['1000000000000000', undefined],
])('%j typed is %j', (typed, decimal) => {
  expect(decimalOf(typed)).toBe(decimal);
});

/** Screens of their own: the count of attempts, the lock, and waiting until the bank answers. */
const shownOtherwise = [
  'pin_invalid',
  'access_locked',
  'overloaded',
  'unavailable',
  'event_unreadable',
  'internal_error',
  'too_many_requests',
];
/** Only a defect of the kiosk could bring them about; the general sentence does. */
const defects = ['unsupported_media_type', 'payload_too_large'];

const calls: readonly Call[] = [
  ...[openAccount, readOwnAccount, readOwnEntries, deposit, withdraw, previewTransfer, transfer, logIn, changePin],
];

test.each(calls.map((call) => [call.id, call] as const))(
  '%s: every rejection has its sentence, in both languages',
  (_id, call) => {
    for (const code of rejectionsOf(call)) {
      if (shownOtherwise.includes(code) || defects.includes(code)) continue;
      expect(fr.rejections[code], code).toBeTypeOf('string');
      expect(en.rejections[code], code).toBeTypeOf('string');
    }
  },
);

test.each([
  [1, 'Encore 1 seconde', '1 second left'],
  [59, 'Encore 59 secondes', '59 seconds left'],
  [60, 'Encore 1 minute et 0 seconde', '1 minute and 0 seconds left'],
  [899, 'Encore 14 minutes et 59 secondes', '14 minutes and 59 seconds left'],
  [3_600, 'Encore 1 heure et 0 minute', '1 hour and 0 minutes left'],
  [86_399, 'Encore 23 heures et 59 minutes', '23 hours and 59 minutes left'],
  [86_400, 'Encore 24 heures et 0 minute', '24 hours and 0 minutes left'],
])('a lock of %i more seconds says: %s', (seconds, french, english) => {
  expect(fr.locked.left(seconds)).toBe(french);
  expect(en.locked.left(seconds)).toBe(english);
});
