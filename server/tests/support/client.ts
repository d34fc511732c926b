/** A client that makes the contract's calls over real HTTPS and holds every answer against its schema. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { expect } from 'vitest';
import type { z } from 'zod/mini';
import type { Call } from '../../../api/src/call.ts';
import { rejectionsOf } from '../../../api/src/call.ts';
import { problemSchema } from '../../../api/src/openapi.ts';
import type { Problem } from '../../../api/src/problems.ts';
import { expectDocumented } from './documented.ts';

export type Reply<Body = Partial<Problem>> = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Body;
};

/** What a call may answer: its own answer's fields, or a problem's. */
type BodyOf<C extends Call> = (C['answer'] extends { readonly schema: infer S extends z.ZodMiniType }
  ? z.output<S>
  : unknown) &
  Partial<Omit<Problem, 'status'>>;

export type Sent = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly token?: string | undefined;
  /** A new one unless given. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Client = {
  readonly origin: string;
  call<C extends Call>(call: C, sent?: Sent): Promise<Reply<BodyOf<C>>>;
  /** Anything at all, with no check of the answer. */
  raw(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<Reply>;
  close(): Promise<void>;
};

export function connect(port: number, tls: { ca: string; cert?: string; key?: string }): Client {
  const origin = `https://localhost:${String(port)}`;
  const dispatcher = new Agent({ connect: tls, connections: 64 });

  const raw: Client['raw'] = async (method, path, { headers = {}, body } = {}) => {
    const reply = await request(origin + path, { method: method as 'GET', dispatcher, headers, body: body ?? null });
    const text = await reply.body.text();
    const isJson = /\bjson\b/.test(String(reply.headers['content-type']));
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : text) as Partial<Problem>,
    };
  };

  return {
    origin,
    raw,
    close: () => dispatcher.close(),
    async call<C extends Call>(call: C, { params = {}, query = {}, body, token, key, headers = {} }: Sent = {}) {
      const path = call.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
      ).toString();
      const reply = await raw(call.method.toUpperCase(), search === '' ? path : `${path}?${search}`, {
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(call.command === true && { 'idempotency-key': key ?? randomUUID() }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      holdAgainst(call, reply);
      return reply as Reply<BodyOf<C>>;
    },
  };
}

/** An answer is what the OpenAPI document says, and exactly what its call's definition says: no field more. */
function holdAgainst(call: Call, { status, headers, text, body }: Reply): void {
  expectDocumented(call, { status, headers, text, body });
  if (String(headers['content-type']).startsWith('application/problem+json')) {
    const problem = problemSchema.parse(body);
    expect(body).toEqual(problem);
    expect(problem.status).toBe(status);
    expect(rejectionsOf(call)).toContain(problem.code);
    return;
  }
  if (call.answer.schema !== undefined && call.answer.mediaType === undefined) {
    expect(call.answer.schema.parse(body)).toEqual(body);
  }
}
