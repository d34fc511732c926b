/** The docs' table of rejections and the code say the same. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rejectionCodes } from '../../ledger/src/domain/rejections.ts';
import type { ApiRejection } from '../src/problems.ts';
import { problemHeaders, problems, apiRejectionCodes, toProblem } from '../src/problems.ts';
import { problemSchema } from '../src/openapi.ts';

const page = readFileSync(new URL('../../docs/rejections.md', import.meta.url), 'utf8');

test('docs/rejections.md lists exactly the rejections there are, in the order of precedence', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const documented = rows.map((row) => row.replaceAll(/ +/g, ' '));
  const known = apiRejectionCodes.map(
    (code) => `| \`${code}\` | ${String(problems[code].status)} | ${problems[code].title} | ${problems[code].when} |`,
  );
  expect(documented).toEqual(known);
});

test('the domain’s rejections are in the domain’s own order', () => {
  const ofTheDomain: readonly string[] = rejectionCodes;
  expect(apiRejectionCodes.filter((code) => ofTheDomain.includes(code))).toEqual(rejectionCodes);
});

test('a problem has what RFC 9457 asks for, and its members and headers', () => {
  const rejection = { code: 'access_locked', retryAfterSeconds: 120 } as const;
  const problem = toProblem(rejection, 'c-1');
  expect(problemSchema.parse(problem)).toEqual(problem);
  expect(problem).toMatchObject({ status: 423, code: 'access_locked', retryAfter: 120, correlationId: 'c-1' });
  expect(problem.detail).toContain('120 seconds');
  expect(problemHeaders(rejection)).toEqual({ 'Retry-After': '120' });
  expect(problemHeaders({ code: 'unauthenticated' })).toHaveProperty('WWW-Authenticate');
  expect(toProblem({ code: 'insufficient_funds', account: '17' }, 'c').detail).not.toContain('17');
});

test.each(apiRejectionCodes)('%s has an error status, a title and whole sentences', (code) => {
  const fields = {
    account: '17',
    allowed: ['GET'],
    reason: 'It is so.',
    limitBytes: 1,
    errors: [],
    where: 'event 1',
    id: 'p',
  };
  // One of a closed set of reasons there, a sentence elsewhere.
  const more = code === 'event_unreadable' ? { position: 7, reason: 'not_json' } : {};
  const rejection = { code, ...fields, ...more, retryAfterSeconds: 1, attemptsLeft: 2 } as unknown as ApiRejection;
  const { status, title, detail } = toProblem(rejection, 'c');
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
  expect(title).toMatch(/^[A-Z].*[^.]$/);
  expect(detail).toMatch(/\.$/);
  expect(detail).not.toMatch(/undefined|\[object/);
});

test('a wrong PIN says how many attempts are left, or for how long access is locked', () => {
  const detail = (attemptsLeft: number, more = {}) =>
    toProblem({ code: 'pin_invalid', attemptsLeft, ...more }, 'c').detail;
  expect(detail(2)).toContain('2 attempts are left');
  expect(detail(1)).toContain('One attempt is left');
  expect(detail(0, { retryAfterSeconds: 1 })).toContain('Access is now locked for 1 second.');
});

test('a problem names every mistake, and where it is', () => {
  const errors = [
    { where: 'body.pin', problem: 'must be four digits' },
    { where: 'body', problem: 'has an unknown field: "x"' },
  ];
  const problem = toProblem({ code: 'validation_failed', errors }, 'c');
  expect(problem.errors).toEqual(errors);
  expect(problem.detail).toBe('body.pin must be four digits; body has an unknown field: "x".');
});

test('headers say what HTTP asks for', () => {
  expect(problemHeaders({ code: 'method_not_allowed', allowed: ['GET', 'POST'] })).toEqual({ Allow: 'GET, POST' });
  expect(problemHeaders({ code: 'payload_too_large', limitBytes: 1 })).toEqual({ Connection: 'close' });
  expect(problemHeaders({ code: 'not_found' })).toEqual({});
  expect(problemHeaders({ code: 'pin_invalid', attemptsLeft: 0, retryAfterSeconds: 60 })).toEqual({
    'Retry-After': '60',
    'WWW-Authenticate': 'Bearer realm="grand-livre"',
  });
});
