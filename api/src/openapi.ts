/** The OpenAPI document, built from the calls' own definitions: nothing in it is written twice. */
import * as z from 'zod/mini';
import type { Call } from './call.ts';
import { rejectionsOf } from './call.ts';
import { problems, apiRejectionCodes } from './problems.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
};

type Header = { readonly description: string; readonly required?: true; readonly schema: JsonSchema };

type ResponseObject = {
  readonly description: string;
  readonly headers: Readonly<Record<string, Header>>;
  readonly content?: Content;
};

type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Record<string, string[]>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject>>;
};

export type OpenApiDocument = {
  readonly openapi: '3.1.0';
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
};

export const problemSchema = z
  .object({
    type: z.string(),
    code: z.enum(apiRejectionCodes),
    title: z.string(),
    detail: z.string().check(z.describe('What happened, where, and what to do about it.')),
    status: z.int(),
    correlationId: z.string().check(z.describe('Leads to this request in the server’s log.')),
    errors: z
      .optional(z.array(z.object({ where: z.string(), problem: z.string() })))
      .check(z.describe('With `validation_failed`: everything that is wrong.')),
    attemptsLeft: z.optional(z.int()).check(z.describe('With `pin_invalid`.')),
    retryAfter: z.optional(z.int()).check(z.describe('Seconds; also in the header `Retry-After`.')),
  })
  .register(z.globalRegistry, { id: 'Problem', description: 'RFC 9457.' });

const securityOf: Record<Call['who'], Record<string, string[]>[]> = {
  anyone: [],
  customer: [{ customerToken: [] }, { customerCookie: [] }],
  auditor: [{ staffToken: [] }, { staffCookie: [] }],
  operator: [{ staffToken: [] }, { staffCookie: [] }],
};

const idempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .check(
      z.regex(/^[\x21-\x7e]{1,128}$/),
      z.describe('New for each new command; the same again when a command is sent again.'),
    ),
});

const lastEventId = z.object({
  'Last-Event-ID': z
    .optional(z.string().check(z.regex(/^\d{1,15}-\d{1,15}$/)))
    .check(z.describe('The last event’s id, as a browser sends it by itself: the feed goes on right after it.')),
});

const xAccount = z.object({
  'X-Account': z
    .optional(z.string())
    .check(
      z.describe(
        'The account that the client means: where the session is another’s by now, nothing is done (`session_changed`).',
      ),
    ),
});

const bearer = { type: 'http', scheme: 'bearer' };
const cookie = (name: string) => ({ type: 'apiKey', in: 'cookie', name });

export function openApiDocument(calls: readonly Call[], version: string): OpenApiDocument {
  const schemas = calls.flatMap(({ params, query, body, answer }) => [params, query, body, answer.schema]);
  const documented = toJsonSchemas([
    problemSchema,
    idempotencyKey,
    lastEventId,
    xAccount,
    ...schemas.filter((one) => one !== undefined),
  ]);
  const byPath = Map.groupBy(calls, ({ path }) => path);
  return {
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
    components: {
      securitySchemes: {
        customerToken: bearer,
        staffToken: bearer,
        customerCookie: cookie('__Host-session'),
        staffCookie: cookie('__Host-staff'),
      },
      schemas: documented.components,
    },
    paths: Object.fromEntries(
      [...byPath].map(([path, ofPath]) => [
        path,
        Object.fromEntries(ofPath.map((call) => [call.method, operation(call, documented)])),
      ]),
    ),
  };
}

type Documented = {
  readonly schemaOf: (schema: z.ZodMiniType) => JsonSchema;
  readonly components: Readonly<Record<string, JsonSchema>>;
};

/** All in one conversion, so that a schema with an id becomes one component wherever it is met. */
function toJsonSchemas(schemas: readonly z.ZodMiniType[]): Documented {
  const names = new Map([...new Set(schemas)].map((schema, index) => [schema, String(index)]));
  const all = z.object(Object.fromEntries([...names].map(([schema, name]) => [name, schema])));
  const { properties, $defs } = z.toJSONSchema(all, { io: 'input', override: leaveOutNoise });
  const written = JSON.stringify({ properties, $defs }).replaceAll('"#/$defs/', '"#/components/schemas/');
  type Converted = { readonly properties: Record<string, JsonSchema>; readonly $defs: Record<string, JsonSchema> };
  const { $defs: components } = JSON.parse(written) as Converted;
  // A description beside a reference is written out: not every reader of OpenAPI looks beside a `$ref`.
  const converted = JSON.parse(written, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$ref' in value)) return value;
    const { $ref: reference, ...beside } = value;
    return Object.keys(beside).length === 0 ? value : { ...components[componentOf(reference)], ...beside };
  }) as Converted;
  return {
    schemaOf: (schema) => converted.properties[names.get(schema) ?? ''] ?? {},
    components: converted.$defs,
  };
}

const componentOf = (reference: unknown): string => String(reference).split('/').at(-1) ?? '';

/** What says nothing to whoever writes a client: the bounds of JavaScript's integers, an id's digits, text that is read as a number. */
function leaveOutNoise({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }): void {
  if (zodSchema._zod.def.type === 'number') {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  }
  if (jsonSchema.type === 'integer' || jsonSchema.format === 'uuid') delete jsonSchema.pattern;
  delete jsonSchema.propertyNames;
  delete jsonSchema.id;
}

function operation(call: Call, documented: Documented): Operation {
  const { answer, params, query, body } = call;
  const { schemaOf } = documented;
  const parameters = [
    ...parametersOf(params, 'path', documented),
    ...parametersOf(query, 'query', documented),
    ...parametersOf(call.command && idempotencyKey, 'header', documented),
    ...parametersOf(call.resumes && lastEventId, 'header', documented),
    ...parametersOf(call.who === 'customer' ? xAccount : undefined, 'header', documented),
  ];
  return {
    operationId: call.id,
    tags: [call.group],
    summary: call.summary,
    ...(call.description !== undefined && { description: call.description }),
    security: securityOf[call.who],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    }),
    responses: {
      ...problemResponses(call, schemaOf(problemSchema)),
      ...Object.fromEntries(
        [answer, ...(answer.otherwise === undefined ? [] : [answer.otherwise])].map(({ status, description }) => [
          status,
          {
            description,
            headers: answerHeaders(call),
            ...(answer.schema !== undefined && {
              content: { [answer.mediaType ?? 'application/json']: { schema: schemaOf(answer.schema) } },
            }),
          },
        ]),
      ),
    },
  };
}

/** One for each field of an object. */
function parametersOf(
  object: z.ZodMiniObject | undefined,
  where: Parameter['in'],
  { schemaOf, components }: Documented,
): readonly Parameter[] {
  if (object === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(object) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const { description } = components[componentOf(schema.$ref)] ?? schema;
    return {
      schema,
      required: required.includes(name),
      ...(description !== undefined && { description }),
      name,
      in: where,
    };
  });
}

const everywhere: Readonly<Record<string, Header>> = {
  'Cache-Control': {
    description: 'No answer is stored.',
    required: true,
    schema: { type: 'string', enum: ['no-store'] },
  },
  'X-Correlation-Id': {
    description: 'Leads to this request in the server’s log.',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  },
};
const replayed: Header = {
  description: 'This is the first answer to this command again.',
  schema: { type: 'string', enum: ['true'] },
};

const compressionHeaders: Readonly<Record<string, Header>> = {
  'Content-Encoding': {
    description: 'Where the request takes it.',
    schema: { type: 'string', enum: ['gzip'] },
  },
  Vary: { description: 'What the answer depends on.', required: true, schema: { type: 'string' } },
};

/** Beside what every answer of HTTP has, and the security headers. */
function answerHeaders({ id, begins, command, answer, cacheControl, compressed }: Call): ResponseObject['headers'] {
  const isFile = answer.mediaType !== undefined && files.includes(answer.mediaType);
  return {
    ...everywhere,
    ...(cacheControl !== undefined && {
      'Cache-Control': {
        description: 'How long it may be kept.',
        required: true as const,
        schema: { type: 'string', enum: [cacheControl] },
      },
    }),
    ...(compressed === true && compressionHeaders),
    ...(command === true && { 'Idempotent-Replayed': replayed }),
    ...(isFile && {
      'Content-Disposition': {
        description: 'The file’s name.',
        required: true as const,
        schema: { type: 'string', pattern: '^attachment; filename="[\\w.-]+"$' },
      },
    }),
    ...((begins !== undefined || ends.includes(id)) && {
      'Set-Cookie': {
        description: 'The session’s cookie, for browsers.',
        required: true as const,
        schema: { type: 'string', pattern: '^__Host-' },
      },
    }),
  };
}
const files = ['text/csv', 'application/jsonl', 'application/pdf', 'application/vnd.grand-livre.tlog-proof'];
/** These end the session they are made with. */
const ends = ['logOut', 'logOutEverywhere', 'logOutStaff'];

/** One answer for each status, naming the codes it may carry. */
function problemResponses(call: Call, schema: JsonSchema): Operation['responses'] {
  const byStatus = Map.groupBy(rejectionsOf(call), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${problems[code].when}.`).join('\n\n'),
        headers: problemResponseHeaders(call, status),
        content: { 'application/problem+json': { schema } },
      },
    ]),
  );
}

function problemResponseHeaders({ command }: Call, status: number): ResponseObject['headers'] {
  const string = { type: 'string' } as const;
  return {
    ...everywhere,
    ...(command === true && { 'Idempotent-Replayed': replayed }),
    ...(status === 401 && {
      'WWW-Authenticate': { description: 'How to authenticate.', required: true as const, schema: string },
    }),
    ...([401, 423].includes(status) && { 'Retry-After': retryAfter }),
    ...([429, 503].includes(status) && { 'Retry-After': { ...retryAfter, required: true as const } }),
  };
}
const retryAfter: Header = { description: 'Seconds.', schema: { type: 'string', pattern: '^\\d+$' } };
