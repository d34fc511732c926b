/** The calls that download an account as a file: entries as CSV, events as JSON lines, a statement as PDF. */
import * as z from 'zod/mini';
import { accountParams } from './audit-accounts.ts';
import { defineCall } from '../call.ts';
import { wholeNumber } from '../fields.ts';

/** Which of an account's entries or events a file holds. */
const range = z.strictObject({
  from: z._default(wholeNumber(1), 1),
  to: z.optional(wholeNumber(1)).check(z.describe('Versions (CSV) or positions (JSON lines), both ends included.')),
});

export const exportEntries = defineCall({
  id: 'exportEntries',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/entries.csv',
  group: 'Audit',
  summary: 'Download an account’s entries as CSV',
  who: 'auditor',
  params: accountParams,
  query: range,
  answer: {
    status: 200,
    description: 'Oldest first; UTF-8 with a byte order mark. What people typed never runs as a formula.',
    schema: z.string(),
    mediaType: 'text/csv',
  },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});

export const exportEvents = defineCall({
  id: 'exportEvents',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/events.jsonl',
  group: 'Audit',
  summary: 'Download an account’s events as JSON lines, as the journal has them',
  who: 'auditor',
  params: accountParams,
  query: range,
  answer: { status: 200, description: 'Oldest first.', schema: z.string(), mediaType: 'application/jsonl' },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});

export const mostStatementEntries = 5_000;

export const exportStatement = defineCall({
  id: 'exportStatement',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/statement.pdf',
  group: 'Audit',
  summary: 'Download a statement as PDF',
  description: `Of the entries \`from\` to \`to\`, at most ${String(mostStatementEntries)}; without them, the last ones.`,
  who: 'auditor',
  params: accountParams,
  query: z
    .strictObject({ from: z.optional(wholeNumber(1)), to: z.optional(wholeNumber(1)) })
    .check(
      z.refine(
        ({ from, to }) => from === undefined || to === undefined || (to >= from && to - from < mostStatementEntries),
        `must have from not after to, and at most ${String(mostStatementEntries)} entries between them`,
      ),
    ),
  answer: { status: 200, description: 'The statement.', schema: z.string(), mediaType: 'application/pdf' },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});
