/** Where tests keep their journals: in the test's own database, or on the server that TEST_EVENT_LOG_URL names. */
import { randomUUID } from 'node:crypto';
import type { EventLog } from '../../ledger/src/journal/event-log.ts';

/** A journal of a test's own, with nothing in it. */
export function testEventLog(): EventLog {
  const eventLogUrl = process.env['TEST_EVENT_LOG_URL'] ?? '';
  return { eventLogUrl: eventLogUrl === '' ? undefined : eventLogUrl, ledger: randomUUID() };
}
