/** Each field of the console's forms is accepted exactly when the bank's contract accepts it in a request. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { searchAccounts } from '../../api/src/calls/audit-accounts.ts';
import * as operations from '../../api/src/calls/operations.ts';
import { logInStaff } from '../../api/src/calls/staff.ts';
import { faultInReason, isSearch } from '../src/bank/account-forms.ts';
import { faultInLogIn } from '../src/bank/log-in-form.ts';

const { freezeAccount, unfreezeAccount, unlockAccess, closeAccount, reverseEntry } = operations;
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 520 }), fc.string({ unit: 'binary', maxLength: 20 }));
const nearly = fc.stringMatching(/^[a-zA-Z0-9._-]{0,26}$/);
const digits = fc.stringMatching(/^\d{4,8}$/);

test.each([
  ['auditor-1', 'a long password', undefined, undefined],
  ['a', 'x', '123456', undefined],
  ['', 'x', undefined, 'usernameWrong'],
  ['Auditor', 'x', undefined, 'usernameWrong'],
  ['a'.repeat(25), 'x', undefined, 'usernameWrong'],
  ['auditor-1', '', undefined, 'passwordWrong'],
  ['auditor-1', 'x'.repeat(201), undefined, 'passwordWrong'],
  ['auditor-1', 'x', '12345', 'codeWrong'],
] as const)('the log-in of %j with %j and the code %j: %j', (username, password, code, fault) => {
  expect(faultInLogIn({ username, password, ...(code !== undefined && { code }) })).toBe(fault);
});

test('a log-in is sent exactly when the bank would look at it', () => {
  const forms = fc.record(
    { username: fc.oneof(nearly, text), password: text, code: fc.oneof(digits, text) },
    { requiredKeys: ['username', 'password'] },
  );
  fc.assert(
    fc.property(forms, (form) => {
      expect(faultInLogIn(form) === undefined).toBe(logInStaff.body.safeParse(form).success);
    }),
  );
});

test.each([freezeAccount, unfreezeAccount, unlockAccess, closeAccount, reverseEntry].map((call) => [call.id, call]))(
  'the reason of %s is sent exactly when the bank would take it',
  (_id, { body }) => {
    fc.assert(
      fc.property(text, (reason) => {
        expect(faultInReason(reason) === undefined).toBe(body.safeParse({ reason }).success);
      }),
    );
    expect(faultInReason('  ')).toBe('reasonMissing');
    expect(faultInReason('a'.repeat(500))).toBeUndefined();
    expect(faultInReason('a'.repeat(501))).toBe('reasonWrong');
    expect(faultInReason('a\u202eb')).toBe('reasonWrong');
  },
);

test('a search is sent exactly when the bank would take it', () => {
  fc.assert(
    fc.property(text, (query) => {
      expect(isSearch(query)).toBe(searchAccounts.query.safeParse({ query, limit: '10' }).success);
    }),
  );
});
