/** The docs' table of rejections and the code say the same. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rejectionCodes } from '../../ledger/src/domain/rejections.ts';
import { problemHeaders, problems, refusalCodes, toProblem } from '../src/http/problems.ts';
import { problemSchema } from '../src/http/openapi.ts';

const page = readFileSync(new URL('../../docs/rejections.md', import.meta.url), 'utf8');

test('docs/rejections.md lists exactly the rejections there are, in the order of precedence', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const documented = rows.map((row) => row.replaceAll(/ +/g, ' '));
  const known = refusalCodes.map(
    (code) => `| \`${code}\` | ${String(problems[code].status)} | ${problems[code].title} | ${problems[code].when} |`,
  );
  expect(documented).toEqual(known);
});

test('the domain’s rejections stand in the domain’s own order', () => {
  const ofTheDomain: readonly string[] = rejectionCodes;
  expect(refusalCodes.filter((code) => ofTheDomain.includes(code))).toEqual(rejectionCodes);
});

test('a problem has what RFC 9457 asks for, and its members and headers', () => {
  const refusal = { code: 'access_locked', retryAfterSeconds: 120 } as const;
  const problem = toProblem(refusal, 'c-1');
  expect(problemSchema.parse(problem)).toEqual(problem);
  expect(problem).toMatchObject({ status: 423, code: 'access_locked', retryAfter: 120, correlationId: 'c-1' });
  expect(problem.detail).toContain('120 seconds');
  expect(problemHeaders(refusal)).toEqual({ 'Retry-After': '120' });
  expect(problemHeaders({ code: 'unauthenticated' })).toHaveProperty('WWW-Authenticate');
  expect(toProblem({ code: 'insufficient_funds', account: '17' }, 'c').detail).not.toContain('17');
});
