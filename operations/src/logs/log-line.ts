/** A line of a child's log for people: when, how bad, who, what, and everything else it says. */
import { styleText } from 'node:util';

/** By their numbers in the log: https://getpino.io, "levels". */
const levels = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
export type Level = keyof typeof levels;
export const levelNames = Object.keys(levels) as readonly Level[];

const colours = { trace: 'gray', debug: 'gray', info: 'green', warn: 'yellow', error: 'red', fatal: 'red' } as const;

export type LogLine = {
  /** ISO 8601; of a line that has no time of its own, the time of the line before it. */
  readonly time: string;
  readonly text: string;
  /** The process that wrote it. */
  readonly source: string;
  /** Undefined of a line that is no JSON: Node's own words, such as a warning. */
  readonly fields?: Readonly<Record<string, unknown>>;
};

export function readLine(text: string, source: string, timeBefore: string): LogLine {
  const fields = parse(text);
  const time = typeof fields?.['time'] === 'string' ? fields['time'] : timeBefore;
  return { time, text, source, ...(fields === undefined ? {} : { fields }) };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** What is no JSON has no level, and is always shown. */
export const isAtLeast = ({ fields }: LogLine, least: Level): boolean =>
  typeof fields?.['level'] !== 'number' || fields['level'] >= levels[least];

/** In colour where `stream` shows colours. */
export function formatLine({ time, text, source, fields }: LogLine, stream: NodeJS.WriteStream): string {
  const at = time.replace('T', ' ').replace('Z', '');
  if (fields === undefined) return `${at}        ${source.padEnd(9)}  ${text}`;
  const { level, time: _time, process: _process, pid: _pid, hostname: _host, msg, err, ...more } = fields;
  const name = levelNames.find((one) => levels[one] === level) ?? 'info';
  const shown = styleText(colours[name], name.toUpperCase().padEnd(5), { stream });
  const pairs = Object.entries(more).map(
    ([key, value]) => ` ${styleText('gray', `${key}=`, { stream })}${plain(value)}`,
  );
  return `${at}  ${shown} ${source.padEnd(9)}  ${typeof msg === 'string' ? msg : ''}${pairs.join('')}${errorText(err)}`;
}

const plain = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);

function errorText(err: unknown): string {
  if (typeof err !== 'object' || err === null) return '';
  const { stack, message } = err as { readonly stack?: unknown; readonly message?: unknown };
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : JSON.stringify(err);
  return text
    .split('\n')
    .map((line) => `\n    ${line}`)
    .join('');
}
