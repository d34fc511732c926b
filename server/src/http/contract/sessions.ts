/** The calls that begin and end a customer's session. */
import { z } from 'zod';
import { defineCall, perSubject } from './call.ts';
import { accountNumber, currency, moment, money, pin } from './fields.ts';

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
  rate: { place: { burst: 200, perSecond: 20 }, subject: { ...perSubject, in: 'accountNumber' } },
  begins: 'customer',
  body: z.strictObject({ accountNumber, pin }).meta({ id: 'LogIn' }),
  answer: {
    status: 201,
    description: 'The session has begun.',
    schema: z
      .object({
        token: z.string(),
        accountNumber,
        holder: z.string().optional(),
        balance: money,
        currency,
        expiresAt: moment,
      })
      .meta({ id: 'Session' }),
  },
  refusals: ['access_locked', 'pin_invalid', 'overloaded', 'unavailable'],
});

export const logOut = defineCall({
  id: 'logOut',
  method: 'delete',
  path: '/api/v1/sessions/current',
  group: 'Sessions',
  summary: 'Log out',
  who: 'customer',
  answer: { status: 204, description: 'The session has ended.' },
  refusals: ['unavailable'],
});
