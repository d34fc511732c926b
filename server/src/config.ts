/** The configuration: environment variables, each checked, each wrong value one clear sentence. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventLog } from '../../ledger/src/journal/event-log.ts';
import { readEventLog } from '../../ledger/src/journal/event-log.ts';
import { setting } from '../../ledger/src/vault/setting.ts';

export type Config = {
  /** The owner's connection string; absent when the bank brings its own PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly eventLog: EventLog;
  readonly host: string;
  readonly port: number;
  readonly certsDir: string;
  /** Names of the server's certificate, beside this machine's own. */
  readonly certNames: readonly string[];
  /** What the bank keeps beside the database: secrets, snapshot, its own PostgreSQL. */
  readonly stateDir: string;
  /** Every connection begins with a line of the PROXY protocol that names the client. */
  readonly isBehindProxy: boolean;
  readonly terminals: 'optional' | 'required';
  readonly logLevel: string;
};

export type ServerConfig = Config & { readonly databaseUrl: string };

/** A configuration value that cannot be used; the message says which, why, and what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Throws `ConfigError`. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const value = (name: string): string | undefined => {
    try {
      return setting(env, name);
    } catch (error) {
      throw new ConfigError(error instanceof Error ? error.message : String(error));
    }
  };
  return {
    databaseUrl: databaseUrl(value('DATABASE_URL')),
    eventLog: eventLog(value('EVENT_LOG_URL'), value('LEDGER')),
    host: value('HOST') ?? 'localhost',
    port: port(value('PORT') ?? '5001'),
    certsDir: resolve(value('CERTS_DIR') ?? join(root, 'certs')),
    certNames: certNames(value('CERT_NAMES') ?? ''),
    stateDir: resolve(value('STATE_DIR') ?? join(root, 'var')),
    isBehindProxy: oneOf('BEHIND_PROXY', value('BEHIND_PROXY') ?? 'no', ['no', 'yes']) === 'yes',
    terminals: oneOf('TERMINALS', value('TERMINALS') ?? 'optional', ['optional', 'required']),
    logLevel: oneOf('LOG_LEVEL', value('LOG_LEVEL') ?? 'info', logLevels),
  };
}

/** The same for the server's own process, which cannot do without a database. Throws `ConfigError`. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const config = readConfig(env);
  if (config.databaseUrl === undefined) {
    throw new ConfigError('DATABASE_URL is not set: give a PostgreSQL server, or start everything with npm start.');
  }
  return { ...config, databaseUrl: config.databaseUrl };
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 65_535) {
    throw new ConfigError(`PORT is "${text}", but must be a whole number from 1 to 65535.`);
  }
  return number;
}

function databaseUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const protocol = URL.parse(text)?.protocol;
  if (protocol === 'postgres:' || protocol === 'postgresql:') return text;
  // The value itself may hold a password and is not shown.
  throw new ConfigError('DATABASE_URL must look like postgres://user:password@host:5432/database.');
}

function eventLog(url: string | undefined, ledger: string | undefined): EventLog {
  const read = readEventLog(url, ledger);
  if (typeof read === 'string') throw new ConfigError(read);
  return read;
}

function certNames(text: string): readonly string[] {
  const names = text.split(',').filter((name) => name !== '');
  const wrong = names.find((name) => !/^[\w.:*-]{1,253}$/.test(name));
  if (wrong === undefined) return names;
  throw new ConfigError(`CERT_NAMES has "${wrong}", but must be host names and addresses with commas between them.`);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new ConfigError(`${name} is "${text}", but must be one of: ${allowed.join(', ')}.`);
  return found;
}
