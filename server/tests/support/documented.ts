/** Holds an answer against the OpenAPI document that is served: its status, its headers, its media type and its body. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { openApiDocument } from '../../../api/src/openapi.ts';
import { allCalls } from '../../../api/tests/support/all-calls.ts';
import type { Call } from '../../../api/src/call.ts';

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: unknown;
};

const document = openApiDocument(allCalls, '0.0.0');
const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { uuid: /^[0-9a-f-]{36}$/ } });
ajv.addSchema(document, 'document');

/** What any answer of HTTP may have, and the security headers, which a test of their own holds. */
const ofEveryAnswer = new Set([
  ...['content-type', 'content-length', 'transfer-encoding', 'date', 'connection', 'keep-alive'],
  ...['strict-transport-security', 'content-security-policy', 'referrer-policy', 'origin-agent-cluster'],
  ...['x-content-type-options', 'x-dns-prefetch-control', 'x-download-options', 'x-frame-options'],
  ...['x-permitted-cross-domain-policies', 'x-xss-protection'],
  ...['cross-origin-opener-policy', 'cross-origin-resource-policy'],
]);

export function expectDocumented(call: Pick<Call, 'path' | 'method' | 'id'>, answer: Answer): void {
  const { status, headers, text, body } = answer;
  const what = `${call.id} answered ${String(status)}: ${text.slice(0, 300)}`;
  const documented = document.paths[call.path]?.[call.method]?.responses[String(status)];
  if (documented === undefined) throw new Error(`${what}, which the document does not list`);

  const names = Object.keys(documented.headers).map((name) => name.toLowerCase());
  const others = Object.keys(headers).filter((name) => !names.includes(name) && !ofEveryAnswer.has(name));
  expect(others, what).toEqual([]);
  for (const [name, { required, schema }] of Object.entries(documented.headers)) {
    const values = [headers[name.toLowerCase()] ?? []].flat();
    if (required === true) expect(values, `${what}, without ${name}`).not.toEqual([]);
    for (const value of values) expectValid(schema, value, `${what}, ${name}`);
  }

  const [mediaType = ''] = String(headers['content-type'] ?? '').split(';');
  if (documented.content === undefined) {
    expect(text, what).toBe('');
    return;
  }
  expect(Object.keys(documented.content), what).toContain(mediaType);
  if (!/\bjson$/.test(mediaType)) return;
  const steps = [call.path, call.method, 'responses', String(status), 'content', mediaType, 'schema'];
  const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  expectValid({ $ref: `document#/paths/${pointer}` }, body, what);
}

function expectValid(schema: object, value: unknown, what: string): void {
  const isValid = ajv.validate(schema, value);
  expect(isValid ? [] : ajv.errors, what).toEqual([]);
}
