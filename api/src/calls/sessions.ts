/** The calls that begin and end a customer's session. */
import * as z from 'zod/mini';
import { defineCall, perSubject } from '../call.ts';
import { accountNumber, currency, moment, money, pin, timeZone } from '../fields.ts';

export const logIn = defineCall({
  id: 'logIn',
  method: 'post',
  path: '/api/v1/sessions',
  group: 'Sessions',
  summary: 'Log in with account number and PIN',
  description:
    'Browsers also get the token as a cookie (`__Host-session`). A session whose token comes along ends. The new one ends after 10 minutes without a call, and after 60 in any case.',
  who: 'anyone',
  terminal: true,
  rate: { source: { burst: 200, perSecond: 20 }, subject: { ...perSubject, in: 'accountNumber' } },
  begins: 'customer',
  body: z.strictObject({ accountNumber, pin }).register(z.globalRegistry, { id: 'LogIn' }),
  answer: {
    status: 201,
    description: 'The session has begun.',
    schema: z
      .object({
        token: z.string(),
        accountNumber,
        holder: z.optional(z.string()),
        balance: money,
        currency,
        expiresAt: moment,
        timeZone,
        mustChangePin: z
          .optional(z.literal(true))
          .check(
            z.describe('The PIN must be changed before anything else: every other call answers `pin_change_required`.'),
          ),
      })
      .register(z.globalRegistry, { id: 'Session' }),
  },
  rejections: ['access_locked', 'pin_invalid', 'overloaded', 'read_model_behind', 'unavailable'],
});

export const logOut = defineCall({
  id: 'logOut',
  method: 'delete',
  path: '/api/v1/sessions/current',
  group: 'Sessions',
  summary: 'Log out',
  who: 'customer',
  beforePinChange: true,
  answer: { status: 204, description: 'The session has ended.' },
  rejections: ['unavailable'],
});

export const logOutEverywhere = defineCall({
  id: 'logOutEverywhere',
  method: 'delete',
  path: '/api/v1/sessions',
  group: 'Sessions',
  summary: 'Log out everywhere: end every session of one’s own account, this one included',
  who: 'customer',
  beforePinChange: true,
  answer: { status: 204, description: 'The sessions have ended.' },
  rejections: ['unavailable'],
});
