/** The OpenAPI document: every call in it, every schema with an id a component, every reference leading somewhere. */
import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { defineCall } from '../src/call.ts';
import { money, wholeNumber } from '../src/fields.ts';
import { openApiDocument } from '../src/openapi.ts';
import { allCalls } from './support/all-calls.ts';

const document = openApiDocument(allCalls, '1.2.3');
const written = JSON.stringify(document);

test('it has every call, at its method and path', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
  );
  expect(operations.sort()).toEqual(allCalls.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
  expect(document.info['version']).toBe('1.2.3');
});

test('every reference leads to a component, and every component is referred to', () => {
  const references = new Set([...written.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
  expect([...references].sort()).toEqual(Object.keys(document.components.schemas).sort());
  expect(written.match(/"\$ref":/g)?.length).toBe(written.match(/"\$ref":"#\/components\/schemas\//g)?.length);
  expect(written).not.toContain('$defs');
});

test('every parameter of a path is declared and required', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters = [] } of Object.values(methods)) {
      const declared = parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
      expect(declared.map(({ name }) => name)).toEqual(names);
    }
  }
});

test('schemas are written as a client needs them', () => {
  const call = defineCall({
    ...{ id: 'one', method: 'get', path: '/one', group: 'System', summary: 'One', who: 'anyone', rejections: [] },
    query: z.strictObject({
      limit: z._default(wholeNumber(1, 100), 10),
      before: z.optional(wholeNumber(1)).check(z.describe('Where to begin.')),
    }),
    answer: {
      status: 200,
      description: 'It.',
      schema: z.object({
        id: z.uuid(),
        count: z.int(),
        plain: money,
        described: money.check(z.describe('What is left.')),
        maybe: z.optional(z.record(z.string(), z.string())),
      }),
    },
  });
  const { paths } = openApiDocument([call], '1');
  const operation = paths['/one']?.['get'];
  expect(operation?.parameters).toEqual([
    { name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 100 } },
    {
      ...{ name: 'before', in: 'query', required: false, description: 'Where to begin.' },
      schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Where to begin.' },
    },
  ]);
  expect(operation?.responses['200']?.content?.['application/json']?.schema).toEqual({
    type: 'object',
    properties: {
      id: { type: 'string', format: 'uuid' },
      count: { type: 'integer' },
      plain: { $ref: '#/components/schemas/Money' },
      described: { type: 'string', pattern: '^-?\\d+\\.\\d{2}$', description: 'What is left.', example: '1234.50' },
      maybe: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['id', 'count', 'plain', 'described'],
  });
});

test('a body takes no field beside its own, and a command has an Idempotency-Key', () => {
  expect(document.components.schemas['Transfer']).toMatchObject({ additionalProperties: false });
  const deposit = document.paths['/api/v1/accounts/me/deposits']?.['post'];
  expect(deposit?.requestBody).toMatchObject({ required: true });
  expect(deposit?.parameters).toContainEqual(
    expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: true }),
  );
  expect(deposit?.responses['423']?.description).toContain('`access_locked`');
});
