/** The OpenAPI document, built from the calls' own definitions: nothing in it is written twice. */
import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Call } from './contract/call.ts';
import { refusalsOf } from './contract/call.ts';
import type { RefusalCode } from './problems.ts';
import { problems, refusalCodes } from './problems.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

export const problemSchema = z
  .object({
    type: z.string(),
    code: z.enum(refusalCodes),
    title: z.string(),
    detail: z.string().meta({ description: 'What happened, where, and what to do about it.' }),
    status: z.int(),
    correlationId: z.string().meta({ description: 'Leads to this request in the server’s log.' }),
    errors: z
      .array(z.object({ where: z.string(), problem: z.string() }))
      .optional()
      .meta({ description: 'With `validation_failed`: everything that is wrong.' }),
    attemptsLeft: z.int().optional().meta({ description: 'With `pin_invalid`.' }),
    retryAfter: z.int().optional().meta({ description: 'Seconds; also in the header `Retry-After`.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });

const securityOf: Record<Call['who'], Record<string, string[]>[]> = {
  anyone: [],
  customer: [{ customerToken: [] }, { customerCookie: [] }],
  auditor: [{ staffToken: [] }, { staffCookie: [] }],
  operator: [{ staffToken: [] }, { staffCookie: [] }],
};

const idempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .meta({ description: 'New for each new command; the same again when a command is sent again.' }),
});

export function openApiDocument(calls: readonly Call[], version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  const bearer = { type: 'http', scheme: 'bearer' } as const;
  registry.registerComponent('securitySchemes', 'customerToken', bearer);
  registry.registerComponent('securitySchemes', 'staffToken', bearer);
  const cookie = (name: string) => ({ type: 'apiKey', in: 'cookie', name }) as const;
  registry.registerComponent('securitySchemes', 'customerCookie', cookie('__Host-session'));
  registry.registerComponent('securitySchemes', 'staffCookie', cookie('__Host-staff'));
  for (const call of calls) registry.registerPath(operation(call));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Grand Livre',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'An event-sourced bank ledger. Amounts are decimal strings. Every accepted command answers its `position` in the ' +
        'journal; a query with `?after=<position>` includes it. Commands need an `Idempotency-Key`: the same key and ' +
        'body give the first answer again, with the header `Idempotent-Replayed: true`.',
    },
    servers: [{ url: '/' }],
  });
}

type Operation = Parameters<OpenAPIRegistry['registerPath']>[0];

function operation(call: Call): Operation {
  const { answer, params, query, body } = call;
  return {
    operationId: call.id,
    method: call.method,
    path: call.path,
    tags: [call.group],
    summary: call.summary,
    ...(call.description !== undefined && { description: call.description }),
    security: securityOf[call.who],
    request: {
      ...(params !== undefined && { params }),
      ...(query !== undefined && { query }),
      ...(call.command && { headers: idempotencyKey }),
      ...(body !== undefined && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.schema !== undefined && {
          content: { [answer.mediaType ?? 'application/json']: { schema: answer.schema } },
        }),
      },
      ...problemResponses(refusalsOf(call)),
    },
  };
}

/** One answer for each status, naming the codes it may carry. */
function problemResponses(codes: readonly RefusalCode[]): Operation['responses'] {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${problems[code].when}.`).join('\n\n'),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}
