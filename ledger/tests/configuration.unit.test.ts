/** The configuration: what is set when nothing is, and each wrong value one sentence that never repeats a password. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commonSettings, configurationFrom, readSettings, root, withDatabase } from '../src/configuration.ts';
import { Failure } from '../src/failure.ts';

const read = (env: NodeJS.ProcessEnv) => configurationFrom(readSettings(commonSettings, env));

test('has a value for everything but the database', () => {
  expect(read({ PATH: '/bin', LEDGER: '' })).toEqual({
    eventLog: { eventLogUrl: undefined, ledger: 'main' },
    stateDir: join(root, 'var'),
    timeZone: 'Europe/Paris',
    logLevel: 'info',
  });
});

test('takes what the environment says', () => {
  const eventLogUrl = 'esdb://localhost:2113?tls=false';
  const env = { EVENT_LOG_URL: eventLogUrl, LEDGER: 'two', LOG_LEVEL: 'silent' };
  expect(read({ ...env, STATE_DIR: '/state', BANK_TIMEZONE: 'Asia/Tokyo' })).toEqual({
    eventLog: { eventLogUrl, ledger: 'two' },
    stateDir: '/state',
    timeZone: 'Asia/Tokyo',
    logLevel: 'silent',
  });
});

test.each([
  [
    { EVENT_LOG_URL: 'http://u:secret@h' },
    'EVENT_LOG_URL must look like kurrentdb://user:password@host:2113 or esdb://host:2113?tls=false.',
  ],
  [{ BANK_TIMEZONE: 'Paris' }, 'BANK_TIMEZONE is "Paris", but must be a time zone such as Europe/Paris.'],
  [{ BANK_TIMEZONE: '+01:00' }, 'BANK_TIMEZONE is "+01:00", but must be a time zone such as Europe/Paris.'],
  [{ LEDGER: 'Main' }, 'LEDGER is "Main", but must be 1 to 40 small letters, digits or -.'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud", but must be one of: fatal, error, warn, info, debug, trace, silent.'],
  [{ EVENT_LOG_URL_FILE: '/nowhere' }, 'EVENT_LOG_URL_FILE is "/nowhere", but that file cannot be read.'],
])('%o is one sentence', (env, sentence) => {
  expect(() => read(env)).toThrow(new Failure(sentence));
});

test('a process that needs a database says so where there is none', () => {
  expect(() => withDatabase(read({}), 'SERVER_DATABASE_URL', undefined)).toThrow(
    new Failure(
      "SERVER_DATABASE_URL is not set: give this program's own log-in role (docs/decisions/database-roles.md), or start everything with npm start.",
    ),
  );
  expect(withDatabase(read({}), 'SERVER_DATABASE_URL', 'postgres://localhost/bank').databaseUrl).toBe(
    'postgres://localhost/bank',
  );
});
