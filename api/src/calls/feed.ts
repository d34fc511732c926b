/** The call that follows what happens in the bank, live. */
import * as z from 'zod/mini';
import { defineCall, eventStream } from '../call.ts';
import { wholeNumber } from '../fields.ts';

export const followFeed = defineCall({
  id: 'followFeed',
  method: 'get',
  path: '/api/v1/audit/feed',
  group: 'Audit',
  summary: 'Follow what happens, live',
  description:
    'Server-sent events: `journal` (as `/events` has them) and `security` (wrong PINs, log-ins of staff, sessions used ' +
    'at another terminal; with the client’s address). An event’s id is the position in the journal and the last security event, such as `9071-12`: with it in `Last-Event-ID`, which ' +
    'browsers send by themselves, the feed goes on right after it, with nothing left out and nothing twice. Without it, ' +
    'and without `after` (a position), the last fifty first.',
  who: 'auditor',
  resumes: true,
  query: z.strictObject({ after: z.optional(wholeNumber(0)) }),
  answer: {
    ...eventStream,
    description: 'The feed; it ends with its session, and after ten minutes, when a browser comes back by itself.',
  },
  rejections: ['overloaded', 'unavailable'],
});
