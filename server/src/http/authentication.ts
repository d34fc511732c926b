/** Who makes a request: the session its token opens, taken from the Authorization header or, from this site's own pages, the cookie. */
import type { Request } from 'express';
import type { CustomerSession, Sessions } from '../access/sessions.ts';
import type { StaffSession, StaffSessions } from '../staff/staff-sessions.ts';
import type { Caller } from '../../../api/src/call.ts';
import type { ApiRejection } from '../../../api/src/problems.ts';

export type CallerOf<W extends Caller> = W extends 'anyone'
  ? undefined
  : W extends 'customer'
    ? CustomerSession
    : StaffSession;

export const cookies = { customer: '__Host-session', staff: '__Host-staff' } as const;

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Strict';

export const setCookie = (name: string, token: string, expiresAt: string): { readonly 'Set-Cookie': string } => ({
  'Set-Cookie': `${name}=${token}; Expires=${new Date(expiresAt).toUTCString()}; ${attributes}`,
});

export const dropCookie = (name: string): Record<string, string> => ({
  'Set-Cookie': `${name}=; Max-Age=0; ${attributes}`,
});

const isToken = /^[\w-]{43}$/;

export async function authenticate(
  request: Request,
  who: Caller,
  { sessions, staffSessions }: { readonly sessions: Sessions; readonly staffSessions: StaffSessions },
): Promise<{ readonly caller: CustomerSession | StaffSession | undefined } | ApiRejection> {
  if (who === 'anyone') return { caller: undefined };
  const token = tokenOf(request, who === 'customer' ? cookies.customer : cookies.staff);
  if (typeof token !== 'string') return token;
  if (who === 'customer') {
    const caller = await sessions.find(token);
    if (caller === undefined) return { code: 'unauthenticated' };
    const { 'x-account': meant = caller.account } = request.headers;
    return meant === caller.account ? { caller } : { code: 'session_changed' };
  }
  const caller = await staffSessions.find(token);
  if (caller === undefined) return { code: 'unauthenticated' };
  if (who === 'operator' && caller.role !== 'operator') {
    return { code: 'forbidden', reason: 'This call is for operators; your log-in is an auditor’s.' };
  }
  return { caller };
}

/** The token of the session that whoever logs in had before. */
export function formerToken(request: Request, kind: 'customer' | 'staff'): string | undefined {
  const token = tokenOf(request, cookies[kind]);
  return typeof token === 'string' ? token : undefined;
}

function tokenOf(request: Request, cookieName: string): string | ApiRejection {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [, token = ''] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    return isToken.test(token) ? token : { code: 'unauthenticated' };
  }
  const token = cookieIn(request.headers.cookie, cookieName);
  if (token === undefined || !isToken.test(token)) return { code: 'unauthenticated' };
  if (comesFromElsewhere(request)) {
    return { code: 'forbidden', reason: 'A page of another site sent your cookie; only this site’s own pages may.' };
  }
  return token;
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  const pair = header?.split(/; */).find((part) => part.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

/** Browsers say where a request comes from; what changes nothing may come from anywhere. */
function comesFromElsewhere({ method, headers }: Request): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin';
  return headers.origin !== undefined && headers.origin !== `https://${headers.host ?? ''}`;
}
