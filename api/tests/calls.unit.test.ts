/** The calls as a whole: nothing is defined twice, and each call's parts fit together. */
import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import type { Call } from '../src/call.ts';
import { rejectionsOf } from '../src/call.ts';
import { auditState, auditStateSummary, searchAccounts } from '../src/calls/audit-accounts.ts';
import { exportEntries, exportStatement, mostStatementEntries } from '../src/calls/exports.ts';
import { openAccount } from '../src/calls/accounts.ts';
import { transferBatch } from '../src/calls/batch.ts';
import { transfer } from '../src/calls/money.ts';
import { logInStaff } from '../src/calls/staff.ts';
import { problems } from '../src/problems.ts';
import { allCalls } from './support/all-calls.ts';

const duplicates = (texts: readonly string[]): readonly string[] =>
  texts.filter((text, index) => texts.indexOf(text) !== index);

test('no two calls have the same id, or the same method and path', () => {
  expect(allCalls.length).toBeGreaterThan(30);
  expect(duplicates(allCalls.map(({ id }) => id))).toEqual([]);
  expect(duplicates(allCalls.map(({ method, path }) => `${method} ${path}`))).toEqual([]);
});

test.each(allCalls.map((call) => [call.id, call] as const))('%s: its parts fit together', (_id, call) => {
  const names = [...call.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  expect(Object.keys(call.params?.shape ?? {})).toEqual(names);
  const isOfTheInterface = call.path.startsWith('/api/v1/');
  expect(isOfTheInterface || call.group === 'System' || call.path.startsWith('/log/')).toBe(true);
  if (call.lastTakesRest === true) expect(call.path.endsWith('}')).toBe(true);
  if (call.command === true || call.body !== undefined) expect(call.method).toBe('post');
  const subject = call.rate?.subject?.in;
  if (subject !== undefined && subject !== 'session') expect(Object.keys(call.body?.shape ?? {})).toContain(subject);
  expect(duplicates(call.rejections)).toEqual([]);
  for (const code of rejectionsOf(call)) expect(problems).toHaveProperty(code);
});

test.each(allCalls.map((call) => [call.id, call] as const))('%s rejects a field it does not know', (_id, call) => {
  for (const part of [call.params, call.query, call.body]) {
    const issues = part?.safeParse({ surely_unknown: '1' }).error?.issues ?? [];
    if (part !== undefined) expect(issues.map(({ code }) => code)).toContain('unrecognized_keys');
  }
});

const plain = {
  ...{ id: 'x', method: 'get', path: '/x', group: 'System', summary: '', who: 'anyone' },
  ...{ answer: { status: 200, description: '' }, rejections: [] },
} as const satisfies Call;
const empty = z.strictObject({});

test.each<[string, Partial<Call>, readonly string[]]>([
  ['any call', {}, ['internal_error']],
  ['a call of the logged-in', { who: 'auditor' }, ['unauthenticated', 'forbidden', 'internal_error']],
  [
    'a customer’s call',
    { who: 'customer' },
    ['session_changed', 'unauthenticated', 'forbidden', 'pin_change_required', 'internal_error'],
  ],
  [
    'a customer’s call that may come before the PIN is changed',
    { who: 'customer', beforePinChange: true },
    ['session_changed', 'unauthenticated', 'forbidden', 'internal_error'],
  ],
  ['a log-in of the staff', { begins: 'staff' }, ['forbidden', 'internal_error']],
  ['a call of terminals', { terminal: true }, ['forbidden', 'internal_error']],
  ['a call with a query', { query: empty }, ['validation_failed', 'internal_error']],
  ['a call with parameters', { params: empty }, ['validation_failed', 'internal_error']],
  ['a command', { command: true }, ['validation_failed', 'internal_error']],
  [
    'a call with a body',
    { body: empty },
    ['unsupported_media_type', 'payload_too_large', 'validation_failed', 'internal_error'],
  ],
  ['a limited call', { rate: { source: { burst: 1, perSecond: 1 } } }, ['too_many_requests', 'internal_error']],
  [
    'a call with rejections of its own, each once',
    { who: 'auditor', rejections: ['forbidden', 'not_found'] },
    ['unauthenticated', 'forbidden', 'not_found', 'internal_error'],
  ],
])('%s: what it may be rejected with follows from its definition', (_what, part, codes) => {
  expect(rejectionsOf({ ...plain, ...part })).toEqual(codes);
});

const sentences = (schema: z.ZodMiniType, value: unknown): readonly string[] =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()) ?? [];

const opening = {
  ...{ pin: '2527', lastName: 'Dupont', firstName: 'Zoé', address: '1 rue Haute', postalCode: '75001' },
  ...{ city: 'Paris', accountType: 'current' },
};

test('an opening needs no telephone, and takes each field up to its length', () => {
  expect(sentences(openAccount.body, opening)).toEqual([]);
  expect(sentences(openAccount.body, { ...opening, mobile: '+33 6 12 34 56 78', landline: '01.23.45.67.89' })).toEqual(
    [],
  );
  expect(sentences(openAccount.body, { ...opening, city: 'x'.repeat(81), mobile: 'none' })).toEqual([
    'city must have at most 80 characters',
    'mobile must be a telephone number: digits, blanks, . ( ) / -, with an optional + in front',
  ]);
});

test('a transfer’s reference is optional and has at most 140 characters', () => {
  const body = { to: '17', amount: '20.00', pin: '2527' };
  expect(sentences(transfer.body, body)).toEqual([]);
  expect(sentences(transfer.body, { ...body, reference: 'x'.repeat(141) })).toEqual([
    'reference must have at most 140 characters',
  ]);
});

const item = { id: 'a', from: '1', to: '2', amount: '1' };
test.each([
  [[], 'transfers must have at least one transfer'],
  [[item, item], 'transfers must not have the same id twice'],
  [
    Array.from({ length: 1_001 }, (_none, index) => ({ ...item, id: String(index) })),
    'transfers must have at most 1000 transfers',
  ],
  [[{ ...item, id: 'a:b' }], 'transfers.0.id must be 1 to 36 letters, digits, ".", "_" or "-"'],
])('a batch is rejected with one sentence (case %#)', (transfers, sentence) => {
  expect(sentences(transferBatch.body, { reason: 'why', transfers })).toEqual([sentence]);
});

test('the one-time code of a staff log-in is optional and has six digits', () => {
  const body = { username: 'ada', password: 'secret' };
  expect(sentences(logInStaff.body, body)).toEqual([]);
  expect(sentences(logInStaff.body, { ...body, code: '123456' })).toEqual([]);
  expect(sentences(logInStaff.body, { ...body, code: '12345' })).toEqual(['code must be six digits']);
});

test('pages have a length where the caller names none', () => {
  expect(searchAccounts.query.parse({})).toEqual({ limit: 50 });
  expect(searchAccounts.query.parse({ limit: '7', after: '9' })).toEqual({ limit: 7, after: 9 });
  expect(exportEntries.query.parse({})).toEqual({ from: 1 });
});

test('an account’s state takes a version or a moment; its summary needs one of them', () => {
  expect(sentences(auditState.query, {})).toEqual([]);
  expect(sentences(auditState.query, { version: '1', at: '2026-01-31' })).toEqual([
    'must have version or at, not both',
  ]);
  expect(sentences(auditStateSummary.query, {})).toEqual(['must have either version or at']);
  expect(sentences(auditStateSummary.query, { at: '2026-01-31T09:30+02:00' })).toEqual([]);
  expect(sentences(auditStateSummary.query, { at: '2026-02-30' })).toEqual([
    'at must be a day or a moment that exists',
  ]);
  expect(sentences(auditStateSummary.query, { at: '31.1.2026' })).toEqual([
    'at must be a day such as "2026-01-31" or a moment such as "2026-01-31T09:30:00Z"',
  ]);
});

test('a statement takes no more entries than it can hold', () => {
  const range = (from: number, to: number) => ({ from: String(from), to: String(to) });
  expect(sentences(exportStatement.query, range(1, mostStatementEntries))).toEqual([]);
  expect(sentences(exportStatement.query, range(1, mostStatementEntries + 1))).toHaveLength(1);
  expect(sentences(exportStatement.query, range(2, 1))).toHaveLength(1);
});
