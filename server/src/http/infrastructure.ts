/** Tells broken infrastructure, which mends itself, from a defect of the server. */

/**
 * PostgreSQL's codes for a connection lost or refused, a server shutting down, starting or full, a statement that took
 * too long, a disk that fails.
 */
const passing = /^(?:08|53|57P|57014|58)/;
const networkErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTUNREACH',
]);
/** The PostgreSQL client gives these no code. */
const messages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Query read timeout',
  'the database system is',
  // With the code of a right that is missing: https://www.postgresql.org/docs/18/error-message-reporting.html
  'Read-only file system',
];

export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && (networkErrors.has(code) || passing.test(code))) return true;
  return messages.some((message) => error.message.includes(message));
}
