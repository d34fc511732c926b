/** The way of every request through a call's definition to its handler: each check in its documented order. */
import type { Request } from 'express';
import type { z } from 'zod';
import type { Sessions } from '../access/sessions.ts';
import type { StaffSessions } from '../staff/staff-sessions.ts';
import type { CallerOf } from './authentication.ts';
import { authenticate, formerToken } from './authentication.ts';
import type { ReadBody } from './body.ts';
import { jsonBody } from './body.ts';
import type { Call, Who } from './contract/call.ts';
import { defaultBodyLimitBytes } from './contract/call.ts';
import { idempotencyKeyMistake, isIdempotencyKey } from './idempotency.ts';
import type { Mistake, Refusal } from './problems.ts';
import { clientAddress } from './proxy-line.ts';
import type { RateLimit } from './rate-limit.ts';
import { rateLimit } from './rate-limit.ts';
import type { TerminalOf } from './terminal.ts';
import { check } from './validation.ts';

type Part<C extends Call, K extends 'params' | 'query' | 'body'> =
  C extends Readonly<Record<K, infer S extends z.ZodType>> ? z.output<S> : undefined;

/** A request that passed all checks of its call. */
export type Asked<C extends Call> = {
  readonly params: Part<C, 'params'>;
  readonly query: Part<C, 'query'>;
  readonly body: Part<C, 'body'>;
  /** The body as it was received. */
  readonly received: unknown;
  readonly caller: CallerOf<C['who']>;
  /** The Idempotency-Key of a command. */
  readonly key: C extends { readonly command: true } ? string : undefined;
  /** The token of the caller's session before, where the call begins one. */
  readonly former: string | undefined;
  readonly terminal: string;
  readonly correlationId: string;
};

type BodyOf<C extends Call> = C['answer'] extends { readonly schema: infer S extends z.ZodType }
  ? z.input<S>
  : undefined;

export type Answer<B> = {
  readonly body: B;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it is not the one the call's definition names. */
  readonly status?: number;
};

/** An answer that is written piece by piece as fast as it is taken. */
export type Streamed = {
  readonly pieces: AsyncIterable<string | Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Result<B> = Answer<B> | Streamed | Refusal;

export type Route = {
  readonly call: Call;
  readonly handle: (asked: Asked<Call>) => Promise<Result<unknown>>;
};

/** Ties a handler to its call's definition, which gives its types. */
export const route = <C extends Call>(call: C, handle: (asked: Asked<C>) => Promise<Result<BodyOf<C>>>): Route => ({
  call,
  handle,
});

export type DoorKeepers = {
  readonly sessions: Sessions;
  readonly staffSessions: StaffSessions;
  /** Whether customers' calls need a terminal's certificate. */
  readonly terminals: 'optional' | 'required';
  readonly terminalOf: TerminalOf;
};

/** Checks a request in the order of the rejections' precedence, then asks the handler. */
export function guarded(
  { call, handle }: Route,
  keepers: DoorKeepers,
): (request: Request, correlationId: string) => Promise<Result<unknown>> {
  const ofPlace: RateLimit | undefined = call.rate && rateLimit(call.rate.place);
  const ofSubject: RateLimit | undefined = call.rate?.subject && rateLimit(call.rate.subject);
  const readBody: ReadBody | undefined = call.body && jsonBody(call.bodyLimitBytes ?? defaultBodyLimitBytes);

  return async (request, correlationId) => {
    const terminal = keepers.terminalOf(request);
    const place = terminal.standing === 'certified' ? `terminal ${terminal.name}` : clientAddress(request.socket);
    const placeWait = ofPlace?.take(place, performance.now());
    if (placeWait !== undefined) return { code: 'too_many_requests', ...placeWait };

    if (terminal.standing === 'revoked' && call.group !== 'System') {
      return { code: 'forbidden', reason: 'The certificate of this terminal was revoked. Ask the bank for a new one.' };
    }
    if (call.terminal === true && keepers.terminals === 'required' && terminal.standing !== 'certified') {
      return { code: 'forbidden', reason: 'This call is for terminals that show their certificate.' };
    }
    const authenticated = await authenticate(request, call.who, keepers);
    if ('code' in authenticated) return authenticated;

    const body = readBody === undefined ? { received: undefined } : await readBody(request);
    if ('code' in body) return body;

    const mistakes: Mistake[] = [];
    const part = (schema: z.ZodType | undefined, value: unknown, name: 'path' | 'query' | 'body'): unknown => {
      if (schema === undefined) return undefined;
      const checked = check(schema, value, name);
      if ('value' in checked) return checked.value;
      mistakes.push(...checked.mistakes);
      return undefined;
    };
    const params = part(call.params, request.params, 'path');
    const query = part(call.query, request.query, 'query');
    const checkedBody = part(call.body, body.received, 'body');
    const key = call.command === true ? request.get('idempotency-key') : undefined;
    if (call.command === true && !isIdempotencyKey(key)) mistakes.push(idempotencyKeyMistake);
    if (mistakes.length > 0) return { code: 'validation_failed', errors: mistakes };

    const subjectWait = ofSubject?.take(subjectOf(call, authenticated.caller, checkedBody), performance.now());
    if (subjectWait !== undefined) return { code: 'too_many_requests', ...subjectWait };

    return handle({
      params,
      query,
      body: checkedBody,
      received: body.received,
      caller: authenticated.caller,
      key,
      former: call.begins && formerToken(request, call.begins),
      terminal: terminal.name,
      correlationId,
    } as Asked<Call>);
  };
}

/** The account or user name a call is about. */
function subjectOf(call: Call, caller: CallerOf<Who>, body: unknown): string {
  const where = call.rate?.subject?.in;
  if (where === 'session') return caller !== undefined && 'account' in caller ? caller.account : '';
  return where === undefined ? '' : (body as Readonly<Record<typeof where, string>>)[where];
}
