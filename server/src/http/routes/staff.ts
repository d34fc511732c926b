/** The routes that begin and end a session of the bank's staff. */
import type { SecurityLog } from '../../audit/security-log.ts';
import type { KnownDevices } from '../../staff/known-devices.ts';
import type { StaffAuthenticator } from '../../staff/staff-authenticator.ts';
import type { StaffSessions } from '../../staff/staff-sessions.ts';
import { cookies, dropCookie, setCookie } from '../authentication.ts';
import { logInStaff, logOutStaff, readStaffSession } from '../../../../api/src/calls/staff.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly timeZone: string;
  readonly staffAuthenticator: StaffAuthenticator;
  readonly staffSessions: StaffSessions;
  readonly knownDevices: Pick<KnownDevices, 'cookieFor'>;
  readonly security: SecurityLog;
};

export const staffRoutes = ({
  timeZone,
  staffAuthenticator,
  staffSessions,
  knownDevices,
  security,
}: Parts): readonly Route[] => [
  route(logInStaff, async ({ body, formerToken, terminal, address, device, source }) => {
    const result = await staffAuthenticator.logIn({ ...body, device, source });
    const kind = result.ok ? 'staff_logged_in' : 'staff_refused';
    security.record({ kind, subject: body.username, terminal, address });
    if (!result.ok) return result.rejection;
    const { username, role } = result;
    const { token, expiresAt } = await staffSessions.begin(username);
    if (formerToken !== undefined) await staffSessions.end(formerToken);
    const session = setCookie(cookies.staff, token, expiresAt);
    const headers = { 'Set-Cookie': [session['Set-Cookie'], knownDevices.cookieFor(username)] };
    return { body: { token, username, role, expiresAt, timeZone }, headers };
  }),

  route(readStaffSession, ({ caller: { username, role } }) => Promise.resolve({ body: { username, role, timeZone } })),

  route(logOutStaff, async ({ caller }) => {
    await staffSessions.end(caller.token);
    return { body: undefined, headers: dropCookie(cookies.staff) };
  }),
];
