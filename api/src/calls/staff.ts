/** The calls that begin and end a session of the bank's staff. */
import * as z from 'zod/mini';
import { defineCall, perSubject } from '../call.ts';
import { moment, timeZone, username } from '../fields.ts';

export const staffRoles = ['auditor', 'operator'] as const;
export type StaffRole = (typeof staffRoles)[number];

export const logInStaff = defineCall({
  id: 'logInStaff',
  method: 'post',
  path: '/api/v1/staff/sessions',
  group: 'Staff',
  summary: 'Log in as staff',
  description: 'Browsers also get the token as a cookie (`__Host-staff`). An operator may do all an auditor may.',
  who: 'anyone',
  rate: { source: { burst: 100, perSecond: 5 }, subject: { ...perSubject, in: 'username' } },
  begins: 'staff',
  body: z
    .strictObject({
      username,
      password: z
        .string()
        .check(z.minLength(1, 'must not be empty'), z.maxLength(200, 'must have at most 200 characters')),
      code: z
        .optional(z.string().check(z.regex(/^\d{6}$/, 'must be six digits')))
        .check(z.describe('The one-time code, for those who have one-time codes.')),
    })
    .register(z.globalRegistry, { id: 'StaffLogIn' }),
  answer: {
    status: 201,
    description: 'The session has begun.',
    schema: z
      .object({ token: z.string(), username: z.string(), role: z.enum(staffRoles), expiresAt: moment, timeZone })
      .register(z.globalRegistry, { id: 'StaffSession' }),
  },
  rejections: ['access_locked', 'credentials_invalid', 'one_time_code_needed', 'unavailable'],
});

export const readStaffSession = defineCall({
  id: 'readStaffSession',
  method: 'get',
  path: '/api/v1/staff/sessions/current',
  group: 'Staff',
  summary: 'See whose session this is',
  who: 'auditor',
  answer: {
    status: 200,
    description: 'The session.',
    schema: z
      .object({ username: z.string(), role: z.enum(staffRoles), timeZone })
      .register(z.globalRegistry, { id: 'OwnStaffSession' }),
  },
  rejections: ['unavailable'],
});

export const logOutStaff = defineCall({
  id: 'logOutStaff',
  method: 'delete',
  path: '/api/v1/staff/sessions/current',
  group: 'Staff',
  summary: 'Log out as staff',
  who: 'auditor',
  answer: { status: 204, description: 'The session has ended.' },
  rejections: ['unavailable'],
});
