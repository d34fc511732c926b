/** The log of every process: JSON lines, how an error is written down, and what may never stand in it. */
import type { Logger } from 'pino';
import { pino } from 'pino';

/** The last guard, should a secret ever be handed to the log: these fields are taken out wherever they stand. */
const secretFields = [
  'pin',
  'password',
  'token',
  'authorization',
  'cookie',
  'lastName',
  'firstName',
  'holder',
  'profile',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** `destination` is the standard output unless given. */
export function createLog(
  process: 'server' | 'projector',
  level: string,
  destination?: { write(line: string): void },
): Logger {
  const options = {
    level,
    base: { process },
    redact: { paths: [...secretFields, '*["set-cookie"]'], remove: true },
    serializers: { err: describeError },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Name, code and stack; a database error's other fields repeat values of rows. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
