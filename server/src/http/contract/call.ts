/** What a call of the HTTP interface is: the one definition its validation, its documentation and the screens' types come from. */
import type { z } from 'zod';
import type { RefusalCode } from '../problems.ts';

/** Whoever may make a call; an operator may also make an auditor's. */
export type Who = 'anyone' | 'customer' | 'auditor' | 'operator';

/** So many in one go, and so many a second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number };

export type Call = {
  /** Unique; the operationId in the OpenAPI document. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'delete';
  /** With parameters in braces, as OpenAPI writes them. */
  readonly path: `/${string}`;
  readonly group: 'Accounts' | 'Sessions' | 'Money' | 'Batch' | 'Staff' | 'Audit' | 'Operations' | 'System';
  readonly summary: string;
  readonly description?: string;
  readonly who: Who;
  /** Made at a terminal: where terminals must have a certificate, refused without one. */
  readonly terminal?: true;
  /** A command: needs an Idempotency-Key. */
  readonly command?: true;
  /** Slowed down past this rate, each place and each subject on its own. */
  readonly rate?: {
    /** From one terminal; from one address where no terminal shows its certificate. */
    readonly place: Rate;
    /** For one account or user name: the session's, or the one in this field of the body. */
    readonly subject?: Rate & { readonly in: 'session' | 'accountNumber' | 'username' };
  };
  /** Begins a session: the one the caller had before ends, so that no token outlives a log-in. */
  readonly begins?: 'customer' | 'staff';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** 16 KiB unless given. */
  readonly bodyLimitBytes?: number;
  readonly answer: {
    readonly status: 200 | 201 | 204;
    readonly description: string;
    /** JSON, save where `mediaType` says otherwise. */
    readonly schema?: z.ZodType;
    readonly mediaType?: string;
  };
  /** What the call may be refused with beside what follows from the fields above. */
  readonly refusals: readonly RefusalCode[];
};

/** Enough for anybody at a machine, and nothing for whoever searches for numbers or names. */
export const perSubject: Rate = { burst: 30, perSecond: 0.5 };

/** Keeps the exact types of a definition. */
export const defineCall = <const C extends Call>(call: C): C => call;

export const defaultBodyLimitBytes = 16_384;

/** Every code a call may be refused with. */
export function refusalsOf(call: Call): readonly RefusalCode[] {
  const codes: RefusalCode[] = [];
  if (call.rate !== undefined) codes.push('too_many_requests');
  if (call.who !== 'anyone') codes.push('unauthenticated', 'forbidden');
  else if (call.terminal) codes.push('forbidden');
  if (call.body !== undefined) codes.push('unsupported_media_type', 'payload_too_large');
  if ([call.params, call.query, call.body, call.command].some((part) => part !== undefined)) {
    codes.push('validation_failed');
  }
  return [...new Set([...codes, ...call.refusals, 'internal_error' as const])];
}
