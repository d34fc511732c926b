/** The routes that begin and end a session of the bank's staff. */
import type { SecurityLog } from '../../audit/security-log.ts';
import type { StaffGate } from '../../staff/staff-gate.ts';
import type { StaffSessions } from '../../staff/staff-sessions.ts';
import { cookies, dropCookie, setCookie } from '../authentication.ts';
import { logInStaff, logOutStaff, readStaffSession } from '../contract/staff.ts';
import type { Route } from '../serve.ts';
import { route } from '../serve.ts';

type Parts = {
  readonly staffGate: StaffGate;
  readonly staffSessions: StaffSessions;
  readonly security: SecurityLog;
};

export const staffRoutes = ({ staffGate, staffSessions, security }: Parts): readonly Route[] => [
  route(logInStaff, async ({ body, former, terminal }) => {
    const admission = await staffGate.logIn(body);
    const kind = admission.admitted ? 'staff_logged_in' : 'staff_refused';
    security.note({ kind, subject: body.username, terminal });
    if (!admission.admitted) return admission.refusal;
    const { username, role } = admission;
    const { token, expiresAt } = await staffSessions.begin(username);
    if (former !== undefined) await staffSessions.end(former);
    return { body: { token, username, role, expiresAt }, headers: setCookie(cookies.staff, token, expiresAt) };
  }),

  route(readStaffSession, ({ caller: { username, role } }) => Promise.resolve({ body: { username, role } })),

  route(logOutStaff, async ({ caller }) => {
    await staffSessions.end(caller.token);
    return { body: undefined, headers: dropCookie(cookies.staff) };
  }),
];
