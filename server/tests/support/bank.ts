/** A whole bank for a test: its own database, one or more servers on free ports, a projector, customers and staff. */
import { hash } from '@node-rs/argon2';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { postgresVault } from '../../../ledger/src/vault/vault.ts';
import { projectorConnection } from '../../../projections/src/connection.ts';
import { runProjector } from '../../../projections/src/projector.ts';
import { testEventLog } from '../../../tests/support/event-log.ts';
import { createDatabase } from '../../../tests/support/postgres.ts';
import { openAccount } from '../../../api/src/calls/accounts.ts';
import { deposit } from '../../../api/src/calls/money.ts';
import { logIn } from '../../../api/src/calls/sessions.ts';
import type { StaffRole } from '../../../api/src/calls/staff.ts';
import { logInStaff } from '../../../api/src/calls/staff.ts';
import { loadSecrets } from '../../src/secrets.ts';
import type { RunningServer, ServerOptions } from '../../src/start-server.ts';
import { startServer } from '../../src/start-server.ts';
import type { Authority } from './certificates.ts';
import { authority } from './certificates.ts';
import type { Client } from './client.ts';
import { connect } from './client.ts';
import { plentyOfCash } from '../../../ledger/tests/support/plenty-of-cash.ts';

const silent: Logger = pino({ level: 'silent' });

export const person = {
  pin: '2527',
  lastName: 'Dupont-Évrard',
  firstName: 'Zoé',
  address: '12 rue des Lilas',
  postalCode: '75011',
  city: 'Paris',
  accountType: 'current',
};

export type Customer = { readonly account: string; readonly token: string };

export type Bank = {
  /** The owner's. */
  readonly databaseUrl: string;
  readonly logIns: { readonly server: string; readonly projector: string; readonly signer: string };
  readonly eventLog: EventLog;
  readonly stateDir: string;
  readonly masterKeys: MasterKeys;
  readonly macKey: KeyObject;
  readonly authority: Authority;
  /** The bank's own connection to the database, as its owner. */
  readonly database: pg.Pool;
  readonly client: Client;
  startServer(options?: Partial<ServerOptions>): Promise<RunningServer & { readonly client: Client }>;
  /** A new account with so much in it, and a session on it. */
  customer(options?: {
    readonly amountMinor?: bigint;
    readonly pin?: string;
    readonly firstName?: string;
  }): Promise<Customer>;
  /** A session of a new member of the staff. */
  staff(role: StaffRole): Promise<string>;
  /** All of the journal, whatever store it is in. */
  history(): Promise<readonly Recorded[]>;
  stopProjector(): Promise<void>;
  startProjector(): void;
  close(): Promise<void>;
};

export async function openBank(options: Partial<ServerOptions> = {}): Promise<Bank> {
  const created = await createDatabase();
  const { url, logIns } = created;
  const stateDir = await mkdtemp(join(tmpdir(), 'grand-livre-'));
  const secrets = await loadSecrets(stateDir, logIns.server);
  const issued = await authority(join(stateDir, 'certs'));
  const database = new pg.Pool({ connectionString: url, max: 4 });
  const eventLog = options.eventLog ?? testEventLog();
  const journal = openJournal(eventLog, database);
  const closing: (() => Promise<unknown>)[] = [];

  let endProjector = (): Promise<unknown> => Promise.resolve();
  function startProjector(): void {
    const ending = new AbortController();
    const ended = runProjector({
      journal,
      connection: () => new pg.Client(projectorConnection(logIns.projector, 'read')),
      decryptProfiles: (sealed) => postgresVault({ pool: database, masterKeys: secrets.masterKeys }).openMany(sealed),
      log: silent,
      signal: ending.signal,
    });
    endProjector = () => {
      ending.abort();
      return ended;
    };
  }

  const start: Bank['startServer'] = async (changes = {}) => {
    const server = await startServer({
      databaseUrl: logIns.server,
      eventLog,
      secrets,
      certsDir: issued.certsDir,
      host: 'localhost',
      port: 0,
      isBehindProxy: false,
      terminals: 'demo',
      timeZone: 'Europe/Paris',
      cashLimits: plentyOfCash,
      batchLimitMinor: 1_000_000n,
      securityEventsDays: 180,
      staffAddresses: [],
      staffCertificates: 'optional',
      ...{ stateDir, logPolicy: undefined, logVkey: undefined },
      version: '0.0.0',
      log: silent,
      onBroken: (error) => {
        throw error;
      },
      ...options,
      ...changes,
    });
    const client = connect(server.port, { ca: issued.ca });
    closing.push(async () => {
      await client.close();
      await server.stop();
    });
    return { ...server, client };
  };

  startProjector();
  const { client } = await start();
  let staffCount = 0;

  return {
    databaseUrl: url,
    logIns,
    eventLog,
    stateDir,
    ...{ masterKeys: secrets.masterKeys, macKey: secrets.macKey },
    authority: issued,
    database,
    client,
    startServer: start,
    async history() {
      return (await journal.read({ from: 1, limit: 100_000 })).map(decode);
    },
    startProjector,
    stopProjector: async () => {
      await endProjector();
    },
    async customer({ amountMinor = 0n, pin = person.pin, firstName = person.firstName } = {}) {
      const opened = await client.call(openAccount, { body: { ...person, pin, firstName } });
      const account = opened.body.accountNumber;
      const session = await client.call(logIn, { body: { accountNumber: account, pin } });
      const token = session.body.token;
      const amount = formatAmount(amountMinor, 'EUR');
      if (amountMinor > 0n) await client.call(deposit, { token, body: { amount, pin } });
      return { account, token };
    },
    async staff(role) {
      staffCount += 1;
      const username = `${role}-${String(staffCount)}`;
      await database.query('insert into access.staff (username, password_hash, role) values ($1, $2, $3)', [
        username,
        await hash('a long password'),
        role,
      ]);
      const session = await client.call(logInStaff, { body: { username, password: 'a long password' } });
      return session.body.token;
    },
    async close() {
      for (const step of closing.reverse()) await step();
      await endProjector();
      await journal.close();
      await database.end();
      await rm(stateDir, { recursive: true });
      await created.drop();
    },
  };
}
