/** The log of every process: JSON lines, how an error is written down, and what may never stand in it. */
import type { Logger } from 'pino';
import { pino } from 'pino';
import { boundedLines } from './bounded-lines.ts';

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

export type ProcessName = 'server' | 'projector' | 'signer' | 'witness';

/** `destination` is the standard output unless given. */
export function createLog(
  process: ProcessName,
  level: string,
  destination: { write(line: string): void } = standardOutput(process),
): Logger {
  const options = {
    level,
    base: { process },
    redact: { paths: [...secretFields, '*["set-cookie"]'], remove: true },
    serializers: { err: describeError },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, destination);
}

/** A pipe that nobody reads, or a file on a full disk, costs lines and never a request. */
function standardOutput(name: ProcessName): { write(line: string): void } {
  process.stdout.on('error', () => undefined);
  return boundedLines({ open: () => process.stdout, describeDropped: (count) => droppedLine(name, count) });
}

/** In the log's own form. */
export function droppedLine(name: ProcessName, count: number): string {
  const line = { level: pino.levels.values['warn'], time: new Date().toISOString(), process: name, dropped: count };
  return `${JSON.stringify({ ...line, msg: 'up to so many log lines were lost: they could not be written in time' })}\n`;
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
