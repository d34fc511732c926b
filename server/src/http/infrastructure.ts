/** Tells what mends itself (broken infrastructure) or can be mended (an event that cannot be read) from a defect of the server. */
import { UnreadableEvent } from '../../../ledger/src/domain/unreadable-event.ts';
import type { ApiRejection } from '../../../api/src/problems.ts';

const retryAfterSeconds = 2;

/** What is answered to a request that an error ended. */
export function rejectionOf(error: unknown): ApiRejection {
  if (error instanceof UnreadableEvent) {
    const { position, reason } = error;
    return { code: 'event_unreadable', position, reason, retryAfterSeconds };
  }
  return isUnavailable(error) ? { code: 'unavailable', retryAfterSeconds } : { code: 'internal_error' };
}

/**
 * PostgreSQL's codes for a connection lost or refused, a server shutting down, starting or full, a statement or a lock that
 * took too long, a disk that fails.
 */
const passing = /^(?:08|53|55P03|57P|57014|58)/;
const networkErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/**
 * gRPC's codes, by which the event log says that it is away: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE.
 * CANCELLED is what its client answers once a connection is gone.
 */
const passingGrpc = new Set([1, 4, 8, 10, 14]);
/** The bookkeeper's own: no answer by the deadline, or the server ends. */
const waitsEnded = new Set(['TimedOut', 'BookkeeperStopped']);
/** These have no code. */
const messages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Query read timeout',
  'the database system is',
  // The event log's client, where no node of a cluster answers.
  'Failed to discover after',
  // With the code of a right that is missing: https://www.postgresql.org/docs/18/error-message-reporting.html
  'Read-only file system',
];

export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  if (waitsEnded.has(error.name) || isPassing(error)) return true;
  return messages.some((message) => error.message.includes(message));
}

function isPassing(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  // PostgreSQL's socket is a file; any other file that is missing is this server's own.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
  if (typeof code === 'number') return passingGrpc.has(code);
  return typeof code === 'string' && (networkErrors.has(code) || passing.test(code));
}
