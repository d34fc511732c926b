/** A client that makes the contract's calls over real HTTPS and holds every answer against its schema. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { expect } from 'vitest';
import type { z } from 'zod';
import type { Call } from '../../src/http/contract/call.ts';
import { refusalsOf } from '../../src/http/contract/call.ts';
import { problemSchema } from '../../src/http/openapi.ts';
import type { Problem } from '../../src/http/problems.ts';

export type Reply<Body = Partial<Problem>> = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Body;
};

/** What a call may answer: its own answer's fields, or a problem's. */
type BodyOf<C extends Call> = (C['answer'] extends { readonly schema: infer S extends z.ZodType }
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

/** An answer is exactly what its call's definition says, or a problem the definition names. */
function holdAgainst(call: Call, { status, headers, text, body }: Reply): void {
  expect(headers['cache-control'], text).toBe('no-store');
  if (String(headers['content-type']).startsWith('application/problem+json')) {
    const problem = problemSchema.parse(body);
    expect(body).toEqual(problem);
    expect(problem.status).toBe(status);
    expect(refusalsOf(call)).toContain(problem.code);
    return;
  }
  if (call.id === 'ready' && status === 503) return;
  expect(status).toBe(call.answer.status);
  if (call.answer.schema === undefined) expect(text).toBe('');
  else if (call.answer.mediaType === undefined) expect(call.answer.schema.parse(body)).toEqual(body);
}
