/** The calls that begin and end a session of the bank's staff. */
import { z } from 'zod';
import { defineCall, perSubject } from './call.ts';
import { moment } from './fields.ts';

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
  rate: { place: { burst: 100, perSecond: 5 }, subject: { ...perSubject, in: 'username' } },
  begins: 'staff',
  body: z
    .strictObject({
      username: z.string().regex(/^[a-z][a-z0-9._-]{0,23}$/, 'must be a user name: 1 to 24 of a-z, 0-9, ".", "_", "-"'),
      password: z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters'),
      code: z
        .string()
        .regex(/^\d{6}$/, 'must be six digits')
        .optional()
        .meta({ description: 'The one-time code, for those who have one-time codes.' }),
    })
    .meta({ id: 'StaffLogIn' }),
  answer: {
    status: 201,
    description: 'The session has begun.',
    schema: z
      .object({ token: z.string(), username: z.string(), role: z.enum(staffRoles), expiresAt: moment })
      .meta({ id: 'StaffSession' }),
  },
  refusals: ['access_locked', 'credentials_invalid', 'one_time_code_needed', 'unavailable'],
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
    schema: z.object({ username: z.string(), role: z.enum(staffRoles) }).meta({ id: 'OwnStaffSession' }),
  },
  refusals: ['unavailable'],
});

export const logOutStaff = defineCall({
  id: 'logOutStaff',
  method: 'delete',
  path: '/api/v1/staff/sessions/current',
  group: 'Staff',
  summary: 'Log out as staff',
  who: 'auditor',
  answer: { status: 204, description: 'The session has ended.' },
  refusals: ['unavailable'],
});
