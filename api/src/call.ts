/** What a call of the HTTP interface is: the one definition its validation, its documentation and the screens' types come from. */
import * as z from 'zod/mini';
import { after } from './fields.ts';
import type { ApiRejectionCode } from './problems.ts';

/** Who may make a call; an operator may also make an auditor's. */
export type Caller = 'anyone' | 'customer' | 'auditor' | 'operator';

/** So many in one go, and so many a second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number };

export type Call = {
  /** Unique; the operationId in the OpenAPI document. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'delete';
  /** With parameters in braces, as OpenAPI writes them. */
  readonly path: `/${string}`;
  /** The last parameter of the path takes all that is left of it, slashes included. */
  readonly lastTakesRest?: true;
  readonly group: 'Accounts' | 'Sessions' | 'Money' | 'Batch' | 'Staff' | 'Audit' | 'Operations' | 'Log' | 'System';
  readonly summary: string;
  readonly description?: string;
  readonly who: Caller;
  /** Made at a terminal: where terminals must have a certificate, rejected without one. */
  readonly terminal?: true;
  /** Also for a customer who must change the PIN first; every other call of theirs is rejected until then. */
  readonly beforePinChange?: true;
  /** A command: needs an Idempotency-Key. */
  readonly command?: true;
  /** Rejected past this rate, each source and each subject on its own. */
  readonly rate?: {
    /** From one terminal; from one address where no terminal shows its certificate. */
    readonly source: Rate;
    /** For one account or user name: the session's, or the one in this field of the body. */
    readonly subject?: Rate & { readonly in: 'session' | 'accountNumber' | 'username' };
  };
  /** Begins a session: the one the caller had before ends, so that no token outlives a log-in. */
  readonly begins?: 'customer' | 'staff';
  /** Takes up where the header `Last-Event-ID` says that its caller had got to. */
  readonly resumes?: true;
  /** The header `Cache-Control` of its answer; `no-store` unless given. */
  readonly cacheControl?: string;
  /** Its answer is compressed for whoever takes that. */
  readonly compressed?: true;
  readonly params?: z.ZodMiniObject;
  readonly query?: z.ZodMiniObject;
  readonly body?: z.ZodMiniObject;
  /** `defaultBodyLimitBytes` unless given. */
  readonly bodyLimitBytes?: number;
  readonly answer: {
    readonly status: 200 | 201 | 204;
    readonly description: string;
    /** JSON, save where `mediaType` says otherwise. */
    readonly schema?: z.ZodMiniType;
    readonly mediaType?: string;
    /** Another status that comes with the same schema, and what it says. */
    readonly otherwise?: { readonly status: 202 | 503; readonly description: string };
  };
  /** The call's own rejections, beside what follows from the fields above. */
  readonly rejections: readonly ApiRejectionCode[];
};

/** Enough for anybody at a terminal, and useless to whoever searches for numbers or names. */
export const perSubject: Rate = { burst: 30, perSecond: 0.5 };

/** Keeps the exact types of a definition. */
export const defineCall = <const C extends Call>(call: C): C => call;

/** An answer of server-sent events. */
export const eventStream = { status: 200, schema: z.string(), mediaType: 'text/event-stream' } as const;

export const defaultBodyLimitBytes = 16_384;

/** Every code a call may be rejected with. */
export function rejectionsOf(call: Call): readonly ApiRejectionCode[] {
  const codes: ApiRejectionCode[] = [];
  if (call.rate !== undefined) codes.push('too_many_requests');
  if (call.who === 'customer') codes.push('session_changed');
  if (call.who !== 'anyone') codes.push('unauthenticated', 'forbidden');
  else if (call.terminal === true || call.begins === 'staff') codes.push('forbidden');
  if (call.who === 'customer' && call.beforePinChange !== true) codes.push('pin_change_required');
  if (call.body !== undefined) codes.push('unsupported_media_type', 'payload_too_large');
  if ([call.params, call.query, call.body, call.command].some((part) => part !== undefined)) {
    codes.push('validation_failed');
  }
  if (call.query?.shape['after'] === after) codes.push('read_model_behind');
  // Whoever needs the journal may meet it away, or damaged.
  const damaged = call.rejections.includes('unavailable') ? (['event_unreadable'] as const) : [];
  return [...new Set([...codes, ...call.rejections, ...damaged, 'internal_error' as const])];
}
