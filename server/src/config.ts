/** The server's configuration, on top of what every process reads; the tools read it as well. */
import { isIPv4 } from 'node:net';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { StaffRules } from './staff/staff-access.ts';
import { isAddressRange } from './staff/staff-access.ts';
import { requestCurrency } from '../../api/src/fields.ts';
import type { Configuration } from '../../ledger/src/configuration.ts';
import {
  commonSettings,
  configurationFrom,
  databaseUrlSetting,
  oneOf,
  readSettings,
  root,
  withDatabase,
} from '../../ledger/src/configuration.ts';
import type { CashLimits } from '../../ledger/src/domain/cash-limits.ts';
import { parseAmount } from '../../ledger/src/domain/money.ts';
import { Failure } from '../../ledger/src/failure.ts';
import { parseVkey } from '../../ledger/src/transparency/note.ts';

export type Config = Configuration &
  StaffRules & {
    /** The owner's connection string; absent when the bank brings its own PostgreSQL. */
    readonly databaseUrl: string | undefined;
    /** Where the bank's own PostgreSQL archives its write-ahead log. */
    readonly walArchive: string | undefined;
    /** The programs' own, where they are not made here. */
    readonly serverDatabaseUrl: string | undefined;
    readonly projectorDatabaseUrl: string | undefined;
    readonly signerDatabaseUrl: string | undefined;
    /** Who has to cosign the log's checkpoints; undefined: `log-policy` in the bank's folder, if it is there. */
    readonly logPolicy: string | undefined;
    /** The log's key as verifiers take it; undefined: the first that a verification saw. */
    readonly logVkey: string | undefined;
    readonly host: string;
    readonly port: number;
    /** What the servers read: their certificate and its key, the authority's certificate, the revocation list. */
    readonly certsDir: string;
    /** The authority's key and what it issued to terminals and staff: the same folder, or one that no server sees. */
    readonly caDir: string;
    /** Names of the server's certificate, beside this machine's own. */
    readonly certNames: readonly string[];
    /** Every connection begins with a line of the PROXY protocol that names the client. */
    readonly isBehindProxy: boolean;
    /** Security events are deleted after so many days. */
    readonly securityEventsDays: number;
    /** What one operator may move alone with one batch, in minor units. */
    readonly batchLimitMinor: bigint;
    /** What a terminal may take in and give out. */
    readonly cashLimits: CashLimits;
    /** `demo`: whoever stands at this machine may use the bank as a customer, and cash comes out of nowhere. */
    readonly terminals: 'demo' | 'required';
  };

/** Its `databaseUrl` is the server's own. */
export type ServerConfig = Omit<Config, 'databaseUrl'> & { readonly databaseUrl: string };

/** An amount of money, in minor units, such as `example`. */
function amountSetting(name: string, example: string) {
  return z.string().transform((text, context) => {
    const amountMinor = parseAmount(text, requestCurrency);
    if (amountMinor !== undefined && amountMinor >= 0n) return amountMinor;
    context.issues.push({
      code: 'custom',
      input: text,
      message: `${name} is "${text}", but must be an amount in ${requestCurrency} such as ${example}.`,
    });
    return z.NEVER;
  });
}

const amountSettingOr = (name: string, otherwise: string) => amountSetting(name, otherwise).prefault(otherwise);

const dayLimitMinor = 5_000_000n;
/** Where all machines are one terminal, `desk`, and nobody counts what is in it. */
const demoDayLimitMinor = 1_000_000_000n;

const serverSettings = commonSettings.extend({
  DATABASE_URL: databaseUrlSetting('DATABASE_URL'),
  SERVER_DATABASE_URL: databaseUrlSetting('SERVER_DATABASE_URL'),
  PROJECTOR_DATABASE_URL: databaseUrlSetting('PROJECTOR_DATABASE_URL'),
  SIGNER_DATABASE_URL: databaseUrlSetting('SIGNER_DATABASE_URL'),
  WAL_ARCHIVE: z.string().optional(),
  LOG_POLICY: z.string().optional(),
  LOG_VKEY: z
    .string()
    .refine((text) => parseVkey(text) !== undefined, {
      error: ({ input }) => `LOG_VKEY is "${String(input)}", but must be the log’s key as its signer logs it.`,
    })
    .optional(),
  HOST: z.string().default('localhost'),
  PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535, {
      error: ({ input }) => `PORT is "${String(input)}", but must be a whole number from 1 to 65535.`,
    })
    .default('5001')
    .transform(Number),
  CERTS_DIR: z.string().default(join(root, 'certs')),
  CA_DIR: z.string().optional(),
  CERT_NAMES: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((name) => name !== ''))
    .pipe(
      z.array(
        z.string().regex(/^[\w.:*-]{1,253}$/, {
          error: ({ input }) =>
            `CERT_NAMES has "${String(input)}", but must be host names and addresses with commas between them.`,
        }),
      ),
    ),
  BEHIND_PROXY: oneOf('BEHIND_PROXY', ['no', 'yes']).default('no'),
  TERMINALS: oneOf('TERMINALS', ['demo', 'required']).optional(),
  BATCH_LIMIT: amountSettingOr('BATCH_LIMIT', '10000.00'),
  CASH_DEPOSIT_LIMIT: amountSettingOr('CASH_DEPOSIT_LIMIT', '10000.00'),
  CASH_WITHDRAWAL_LIMIT: amountSettingOr('CASH_WITHDRAWAL_LIMIT', '2000.00'),
  CASH_DAY_LIMIT: amountSetting('CASH_DAY_LIMIT', '50000.00').optional(),
  SECURITY_EVENTS_DAYS: z
    .string()
    .refine((text) => /^[1-9]\d{0,3}$/.test(text), {
      error: ({ input }) =>
        `SECURITY_EVENTS_DAYS is "${String(input)}", but must be a whole number of days from 1 to 9999.`,
    })
    .default('180')
    .transform(Number),
  STAFF_ADDRESSES: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((range) => range !== ''))
    .pipe(
      z.array(
        z.string().refine(isAddressRange, {
          error: ({ input }) =>
            `STAFF_ADDRESSES has "${String(input)}", but must be addresses or ranges such as 192.0.2.0/24 with commas between them.`,
        }),
      ),
    ),
  STAFF_CERTIFICATES: oneOf('STAFF_CERTIFICATES', ['optional', 'required']).default('optional'),
});

/** Throws `Failure`. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const settings = readSettings(serverSettings, env);
  const terminals = terminalsOf(settings);
  return {
    ...configurationFrom(settings),
    databaseUrl: settings.DATABASE_URL,
    walArchive: settings.WAL_ARCHIVE === undefined ? undefined : resolve(settings.WAL_ARCHIVE),
    serverDatabaseUrl: settings.SERVER_DATABASE_URL,
    projectorDatabaseUrl: settings.PROJECTOR_DATABASE_URL,
    signerDatabaseUrl: settings.SIGNER_DATABASE_URL,
    logPolicy: settings.LOG_POLICY,
    logVkey: settings.LOG_VKEY,
    host: settings.HOST,
    port: settings.PORT,
    certsDir: resolve(settings.CERTS_DIR),
    caDir: resolve(settings.CA_DIR ?? settings.CERTS_DIR),
    certNames: settings.CERT_NAMES,
    isBehindProxy: settings.BEHIND_PROXY === 'yes',
    terminals,
    batchLimitMinor: settings.BATCH_LIMIT,
    cashLimits: {
      depositMinor: settings.CASH_DEPOSIT_LIMIT,
      withdrawalMinor: settings.CASH_WITHDRAWAL_LIMIT,
      dayMinor: settings.CASH_DAY_LIMIT ?? (terminals === 'demo' ? demoDayLimitMinor : dayLimitMinor),
    },
    securityEventsDays: settings.SECURITY_EVENTS_DAYS,
    staffAddresses: settings.STAFF_ADDRESSES,
    staffCertificates: settings.STAFF_CERTIFICATES,
  };
}

/**
 * A demonstration is for the machine it runs on: the default only where nobody else can come by and nothing else is
 * connected, and rejected where others could reach it.
 */
function terminalsOf(settings: z.output<typeof serverSettings>): Config['terminals'] {
  const { HOST: host, BEHIND_PROXY: isBehindProxy, TERMINALS: terminals } = settings;
  const isReachedFromHereOnly = isLoopback(host) && isBehindProxy === 'no';
  if (terminals === 'demo' && !isReachedFromHereOnly) {
    throw new Failure(
      `TERMINALS=demo lets anybody deposit cash that nobody counted, and ${isLoopback(host) ? 'BEHIND_PROXY=yes' : `HOST=${host}`} lets other machines in: set TERMINALS=required, or HOST=localhost without a proxy.`,
    );
  }
  const isOwnAlone = [settings.DATABASE_URL, settings.SERVER_DATABASE_URL, settings.EVENT_LOG_URL].every(
    (url) => url === undefined,
  );
  return terminals ?? (isReachedFromHereOnly && isOwnAlone ? 'demo' : 'required');
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** The same for the server's own process, which cannot do without a database. Throws `Failure`. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const config = readConfig(env);
  return withDatabase(config, 'SERVER_DATABASE_URL', config.serverDatabaseUrl);
}
