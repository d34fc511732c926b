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
 * took too long, a disk that fails or gives back something else than was written.
 */
const passing = /^(?:08|53|55P03|57P|57014|58|XX00[12])/;
/** The operating system's, of a network, a disk, memory or a table of open files: errno(3), getaddrinfo(3). */
const systemErrors = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTCONN', 'EAGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAI_MEMORY', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO'],
  // Node's, of a thread that could not begin or was ended for want of memory.
  ...['ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY'],
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
  if (code === '42501') return isOfTheDisk(error);
  return typeof code === 'string' && (systemErrors.has(code) || passing.test(code));
}

/**
 * PostgreSQL says with the code of a missing right also that its disk is read-only: errcode_for_file_access() in
 * https://www.postgresql.org/docs/18/error-message-reporting.html. Its message may be in any language; a right that is
 * missing comes from one source file.
 */
function isOfTheDisk(error: Error): boolean {
  return 'file' in error && typeof error.file === 'string' && error.file !== 'aclchk.c';
}
