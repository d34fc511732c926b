/** The way of every request through a call's definition to its handler: each check in its documented order. */
import type { Request } from 'express';
import type { z } from 'zod/mini';
import type { Sessions } from '../access/sessions.ts';
import type { StaffSessions } from '../staff/staff-sessions.ts';
import type { SecurityLog } from '../audit/security-log.ts';
import type { KnownDevices } from '../staff/known-devices.ts';
import type { StaffAccess } from '../staff/staff-access.ts';
import type { CallerOf } from './authentication.ts';
import { authenticate, formerToken } from './authentication.ts';
import type { ReadBody } from './body.ts';
import { jsonBody } from './body.ts';
import type { Call, Caller } from '../../../api/src/call.ts';
import { defaultBodyLimitBytes } from '../../../api/src/call.ts';
import { idempotencyKeyMistake, isIdempotencyKey } from './idempotency.ts';
import type { Mistake, ApiRejection } from '../../../api/src/problems.ts';
import type { RateLimit } from './rate-limit.ts';
import { rateLimit } from './rate-limit.ts';
import type { RequestRecord } from './request-log.ts';
import { sourceOf } from './source.ts';
import type { StaffCertificateOf } from './terminal.ts';
import { check, compiled } from './validation.ts';

type Part<C extends Call, K extends 'params' | 'query' | 'body'> =
  C extends Readonly<Record<K, infer S extends z.ZodMiniType>> ? z.output<S> : undefined;

/** A request that passed all checks of its call. */
export type RequestContext<C extends Call> = {
  readonly params: Part<C, 'params'>;
  readonly query: Part<C, 'query'>;
  readonly body: Part<C, 'body'>;
  /** The body as it was received. */
  readonly received: unknown;
  readonly caller: CallerOf<C['who']>;
  /** The Idempotency-Key of a command. */
  readonly key: C extends { readonly command: true } ? string : undefined;
  /** The token of the caller's session before, where the call begins one. */
  readonly formerToken: string | undefined;
  /** Where whoever comes back to a feed had got to: the header `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** The header `Accept-Encoding` takes gzip. */
  readonly takesGzip: boolean;
  readonly terminal: string;
  readonly isCertified: boolean;
  /** The client's address. */
  readonly address: string;
  /** Whom failures are counted for: a certified terminal, else the address (IPv6: its /64). */
  readonly source: string;
  /** Where staff log in: the browser, known from a log-in of this user name before, or their certificate. */
  readonly device: string | undefined;
  readonly correlationId: string;
  /** Aborted when the caller hangs up: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
};

export type BodyOf<C extends Call> = C['answer'] extends { readonly mediaType: 'application/octet-stream' }
  ? Buffer
  : C['answer'] extends { readonly schema: infer S extends z.ZodMiniType }
    ? z.input<S>
    : undefined;

export type BodyResponse<B> = {
  readonly body: B;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Where it is not the one the call's definition names. */
  readonly status?: number;
};

/** A response that is written piece by piece as fast as it is taken. */
export type StreamedResponse = {
  readonly pieces: AsyncIterable<string | Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Added by the pipeline: whose session it is, and whether it is still one. */
  readonly session?: StreamSession;
};

export type StreamSession = { readonly caller: string; readonly isAlive: () => Promise<boolean> };

/** A rejection is marked where it is the first answer to this command again. */
export type Result<B> = BodyResponse<B> | StreamedResponse | (ApiRejection & { readonly replayed?: true });

export type Route = {
  readonly call: Call;
  readonly handle: (context: RequestContext<Call>) => Promise<Result<unknown>>;
};

/** Ties a handler to its call's definition, which gives its types. */
export const route = <C extends Call>(
  call: C,
  handle: (context: RequestContext<C>) => Promise<Result<BodyOf<C>>>,
): Route => ({
  call,
  handle,
});

export type Guards = {
  readonly sessions: Sessions;
  readonly staffSessions: StaffSessions;
  /** `required`: customers' calls need a terminal's certificate. */
  readonly terminals: 'demo' | 'required';
  /** The client's address behind a connection. */
  readonly sourceAddress: (connection: Request['socket']) => string;
  readonly security: Pick<SecurityLog, 'record'>;
  readonly staffAccess: StaffAccess;
  readonly staffCertificateOf: StaffCertificateOf;
  readonly knownDevices: Pick<KnownDevices, 'idsIn'>;
};

/** Checks a request in the order of the rejections' precedence, then asks the handler. */
export function requestPipeline(
  { call, handle }: Route,
  guards: Guards,
): (
  request: Request,
  record: Pick<RequestRecord, 'correlationId' | 'terminal'>,
  signal: AbortSignal,
) => Promise<Result<unknown>> {
  const sourceLimit: RateLimit | undefined = call.rate && rateLimit(call.rate.source);
  const subjectLimit: RateLimit | undefined = call.rate?.subject && rateLimit(call.rate.subject);
  const [paramsSchema, querySchema, bodySchema] = [call.params, call.query, call.body].map(compiled);
  const readBody: ReadBody | undefined = call.body && jsonBody(call.bodyLimitBytes ?? defaultBodyLimitBytes);

  return async (request, { correlationId, terminal }, signal) => {
    const address = guards.sourceAddress(request.socket);
    const source = terminal.status === 'certified' ? `terminal ${terminal.name}` : sourceOf(address);
    const certificate =
      call.who === 'anyone' && call.begins !== 'staff' ? undefined : guards.staffCertificateOf(request);
    const deviceOf = call.begins === 'staff' ? devicesOf(request, certificate, guards.knownDevices) : undefined;
    // Whom the staff's own devices belong to is not slowed down by strangers who share the address.
    const sourceWait = sourceLimit?.take(deviceOf?.any ?? source, performance.now());
    if (sourceWait !== undefined) return { code: 'too_many_requests', ...sourceWait };

    if (terminal.status === 'revoked' && call.group !== 'System') {
      return { code: 'forbidden', reason: 'The certificate of this terminal was revoked. Ask the bank for a new one.' };
    }
    if (call.terminal === true && guards.terminals === 'required' && terminal.status !== 'certified') {
      return { code: 'forbidden', reason: 'This call is for terminals that show their certificate.' };
    }
    if (call.begins === 'staff' || call.who === 'auditor' || call.who === 'operator') {
      const shutOut = guards.staffAccess(address, certificate);
      if (shutOut !== undefined) return shutOut;
    }
    const authenticated = await authenticate(request, call.who, guards);
    if ('code' in authenticated) return authenticated;
    const { caller } = authenticated;
    if (caller !== undefined && 'account' in caller) {
      if (caller.terminal !== terminal.name) {
        // Its token was carried away from where it began.
        guards.security.record({
          kind: 'session_elsewhere',
          subject: caller.account,
          terminal: terminal.name,
          address,
        });
        await guards.sessions.end(caller.token);
        return { code: 'unauthenticated' };
      }
      if (caller.mustChangePin && call.beforePinChange !== true) return { code: 'pin_change_required' };
    }

    const body = readBody === undefined ? { received: undefined } : await readBody(request);
    if ('code' in body) return body;

    const mistakes: Mistake[] = [];
    const part = (schema: z.ZodMiniType | undefined, value: unknown, name: 'path' | 'query' | 'body'): unknown => {
      if (schema === undefined) return undefined;
      const checked = check(schema, value, name);
      if ('value' in checked) return checked.value;
      mistakes.push(...checked.mistakes);
      return undefined;
    };
    const params = part(paramsSchema, joined(request.params), 'path');
    const query = part(querySchema, request.query, 'query');
    const checkedBody = part(bodySchema, body.received, 'body');
    const key = call.command === true ? request.get('idempotency-key') : undefined;
    if (call.command === true && !isIdempotencyKey(key)) mistakes.push(idempotencyKeyMistake);
    if (mistakes.length > 0) return { code: 'validation_failed', errors: mistakes };

    const subject = subjectOf(call, caller, checkedBody);
    const device = deviceOf?.of(subject);
    const limited = device === undefined ? subject : `${subject} ${device}`;
    const subjectWait = subjectLimit?.take(limited, performance.now());
    if (subjectWait !== undefined) return { code: 'too_many_requests', ...subjectWait };

    const result = await handle({
      params,
      query,
      body: checkedBody,
      received: body.received,
      caller,
      key,
      formerToken: call.begins && formerToken(request, call.begins),
      lastEventId: call.resumes && request.get('last-event-id'),
      takesGzip: call.compressed === true && request.acceptsEncodings('gzip') === 'gzip',
      terminal: terminal.name,
      isCertified: terminal.status === 'certified',
      ...{ address, source, device },
      ...{ correlationId, signal },
    } as RequestContext<Call>);
    const session = sessionOf(authenticated.caller, guards);
    return 'pieces' in result && session !== undefined ? { ...result, session } : result;
  };
}

/** What is left of a path, as text: a slash that was sent encoded stays so, and is no separator. */
const joined = (params: Readonly<Record<string, string | string[]>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(encodeURIComponent).join('/') : value,
    ]),
  );

/** A stream's session. Looking whether it has ended is no use of it: it may end for want of use meanwhile. */
function sessionOf(caller: CallerOf<Caller>, { sessions, staffSessions }: Guards): StreamSession | undefined {
  if (caller === undefined) return undefined;
  return 'account' in caller
    ? { caller: `account ${caller.account}`, isAlive: () => sessions.isAlive(caller.token) }
    : { caller: `staff ${caller.username}`, isAlive: () => staffSessions.isAlive(caller.token) };
}

/** The account or user name a call is about. */
function subjectOf(call: Call, caller: CallerOf<Caller>, body: unknown): string {
  const where = call.rate?.subject?.in;
  if (where === 'session') return caller !== undefined && 'account' in caller ? caller.account : '';
  return where === undefined ? '' : (body as Readonly<Record<typeof where, string>>)[where];
}

/** What a staff log-in shows of where it comes from: a certificate, or cookies of log-ins before on this browser. */
function devicesOf(
  request: Request,
  certificate: string | undefined,
  knownDevices: Pick<KnownDevices, 'idsIn'>,
): { readonly any: string | undefined; readonly of: (username: string) => string | undefined } {
  if (certificate !== undefined) {
    const device = `certificate ${certificate}`;
    return { any: device, of: () => device };
  }
  const ids = knownDevices.idsIn(request.headers.cookie);
  const [any] = ids.values();
  return { any: any && `device ${any}`, of: (username) => ids.get(username) };
}
