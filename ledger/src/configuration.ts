/** The configuration every process of the bank reads: environment variables, each checked, each wrong value one clear sentence. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isTimeZone } from './civil-time.ts';
import { Failure } from './failure.ts';
import type { EventLog } from './journal/event-log.ts';
import { eventLogUrlSetting, ledgerSetting } from './journal/event-log.ts';
import { setting } from './setting.ts';

export type Configuration = {
  readonly eventLog: EventLog;
  /** What the bank keeps beside the database: secrets, snapshot, its own PostgreSQL. */
  readonly stateDir: string;
  /** The IANA name of the bank's one civil time zone. */
  readonly timeZone: string;
  readonly logLevel: string;
};

/** The project's own folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A setting of a few possible values. */
export const oneOf = <const T extends readonly [string, ...string[]]>(name: string, allowed: T) =>
  z.enum(allowed, {
    error: ({ input }) => `${name} is "${String(input)}", but must be one of: ${allowed.join(', ')}.`,
  });

/** A connection string; whose, the setting's name says. */
export const databaseUrlSetting = (name: string) =>
  z
    .string()
    // The value itself may hold a password and is not shown.
    .refine((text) => ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? ''), {
      error: `${name} must look like postgres://user:password@host:5432/database.`,
    })
    .optional();

/** The variables that server and projector both read; a process with more of them extends this. */
export const commonSettings = z.object({
  EVENT_LOG_URL: eventLogUrlSetting.optional(),
  LEDGER: ledgerSetting.default('main'),
  STATE_DIR: z.string().default(join(root, 'var')),
  BANK_TIMEZONE: z
    .string()
    .refine(isTimeZone, {
      error: ({ input }) => `BANK_TIMEZONE is "${String(input)}", but must be a time zone such as Europe/Paris.`,
    })
    .default('Europe/Paris'),
  LOG_LEVEL: oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The schema's variables, or the files that their names with `_FILE` name. Throws `Failure`. */
export function readSettings<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const given = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, setting(env, name)]));
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  throw new Failure(error.issues[0]?.message ?? String(error));
}

export const configurationFrom = (settings: z.output<typeof commonSettings>): Configuration => ({
  eventLog: { eventLogUrl: settings.EVENT_LOG_URL, ledger: settings.LEDGER },
  stateDir: resolve(settings.STATE_DIR),
  timeZone: settings.BANK_TIMEZONE,
  logLevel: settings.LOG_LEVEL,
});

/** For a process that cannot do without a database. Throws `Failure`. */
export function withDatabase<C extends Configuration>(
  configuration: C,
  name: string,
  databaseUrl: string | undefined,
): C & { readonly databaseUrl: string } {
  if (databaseUrl === undefined) {
    throw new Failure(
      `${name} is not set: give this program's own log-in role (docs/decisions/database-roles.md), or start everything with npm start.`,
    );
  }
  return { ...configuration, databaseUrl };
}
