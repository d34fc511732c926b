/** What the kiosk says and reads, without a browser: amounts as typed, and a sentence for every refusal it can meet. */
import { expect, test } from 'vitest';
import { openAccount, readOwnAccount, readOwnEntries } from '../../server/src/http/contract/accounts.ts';
import type { Call } from '../../server/src/http/contract/call.ts';
import { refusalsOf } from '../../server/src/http/contract/call.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../../server/src/http/contract/money.ts';
import { logIn } from '../../server/src/http/contract/sessions.ts';
import { decimalOf } from '../src/bank/amount.ts';
import { en } from '../src/words/en.ts';
import { fr } from '../src/words/fr.ts';

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
  ['9999999999999', undefined],
])('%j typed is %j', (typed, decimal) => {
  expect(decimalOf(typed)).toBe(decimal);
});

/** Screens of their own: the count of attempts, the lock, and waiting until the bank answers. */
const shownOtherwise = [
  'pin_invalid',
  'access_locked',
  'overloaded',
  'unavailable',
  'internal_error',
  'too_many_requests',
];
/** Only a defect of the kiosk could bring them about; the general sentence does. */
const defects = ['unsupported_media_type', 'payload_too_large'];

const calls: readonly Call[] = [
  ...[openAccount, readOwnAccount, readOwnEntries, deposit, withdraw, previewTransfer, transfer, logIn],
];

test.each(calls.map((call) => [call.id, call] as const))(
  '%s: every refusal has its sentence, in both languages',
  (_id, call) => {
    for (const code of refusalsOf(call)) {
      if (shownOtherwise.includes(code) || defects.includes(code)) continue;
      expect(fr.refusals[code], code).toBeTypeOf('string');
      expect(en.refusals[code], code).toBeTypeOf('string');
    }
  },
);
