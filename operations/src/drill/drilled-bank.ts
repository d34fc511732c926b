/** The bank a drill works on: PostgreSQL, two servers, a projector and a signer as processes, with a relay on every way between them. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { StaffRole } from '../../../api/src/calls/staff.ts';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { loadSecrets } from '../../../server/src/secrets.ts';
import type { Secrets } from '../../../server/src/secrets.ts';
import { ensureCertificates } from '../certificates/ensure.ts';
import { freePort } from '../free-port.ts';
import type { LogIns } from '../log-in-roles.ts';
import { ensureLogIns } from '../log-in-roles.ts';
import { migrate } from '../migrate.ts';
import { addStaff } from '../staff/staff.ts';
import type { DatabaseServer, Program } from './processes.ts';
import { runPostgres, runProgram } from './processes.ts';
import type { Relay } from './relay.ts';
import { openRelay } from './relay.ts';

export const serverNames = ['server-a', 'server-b'] as const;
export type ServerName = (typeof serverNames)[number];
export type ProgramName = ServerName | 'projector' | 'signer';

/** Above what an operator may move alone with one batch of this bank. */
export const batchLimitMinor = 5_000n;

export type StaffMember = { readonly username: string; readonly password: string };

export type DrilledBank = {
  readonly ca: string;
  readonly stateDir: string;
  readonly eventLog: EventLog;
  readonly logIns: LogIns;
  readonly secrets: Secrets;
  readonly postgres: DatabaseServer;
  readonly programs: Readonly<Record<ProgramName, Program>>;
  /** By what they lead from and to. */
  readonly relays: ReadonlyMap<string, Relay>;
  /** Where a client reaches a server, by way of a relay. */
  readonly ports: Readonly<Record<ServerName, number>>;
  readonly addStaff: (username: string, role: StaffRole) => Promise<StaffMember>;
  /** Rejects when a part cannot go on at all. */
  readonly broken: Promise<never>;
  /** Ends everything. `isKept`: the state folder stays, with the logs in it. */
  close(options: { readonly isKept: boolean }): Promise<void>;
};

export type Place = {
  /** Where PostgreSQL has its data, when it is not the bank's own folder. */
  readonly databaseDir: string | undefined;
  /** Settings of one program beside the usual ones. */
  readonly envOf: (name: ProgramName, stateDir: string) => NodeJS.ProcessEnv;
};

const programOf = {
  server: { path: 'server/src/main.ts', logIn: 'server', setting: 'SERVER_DATABASE_URL' },
  projector: { path: 'projections/src/main.ts', logIn: 'projector', setting: 'PROJECTOR_DATABASE_URL' },
  signer: { path: 'operations/src/signer/main.ts', logIn: 'signer', setting: 'SIGNER_DATABASE_URL' },
} as const;

export async function openDrilledBank({
  eventLog,
  place: { databaseDir, envOf } = { databaseDir: undefined, envOf: () => ({}) },
}: {
  readonly eventLog: EventLog;
  readonly place?: Place | undefined;
}): Promise<DrilledBank> {
  await using opened = new AsyncDisposableStack();
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-drill-'));
  // PostgreSQL runs as another account where the drill runs as root.
  chmodSync(stateDir, 0o755);
  let isKept = false;
  opened.defer(() => {
    if (!isKept) rmSync(stateDir, { recursive: true, force: true });
  });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const postgres = await runPostgres(databaseDir ?? stateDir, broken.reject);
  opened.defer(() => postgres.stop());
  await migrate(postgres.url);
  const none = { serverDatabaseUrl: undefined, projectorDatabaseUrl: undefined };
  const logIns = await ensureLogIns(postgres.url, { stateDir, ...none });
  const secrets = await loadSecrets(stateDir, logIns.server);
  const certsDir = join(stateDir, 'certs');
  await ensureCertificates(certsDir, Date.now(), { caDir: certsDir });
  const ca = readFileSync(join(certsDir, 'ca.crt'), 'utf8');

  const relays = new Map<string, Relay>();
  async function relayTo(name: string, target: { host: string; port: number }): Promise<number> {
    const relay = await openRelay(target);
    opened.defer(() => relay.close());
    relays.set(name, relay);
    return relay.port;
  }
  async function runOne(name: ProgramName, ownEnv: NodeJS.ProcessEnv): Promise<Program> {
    const ownDir = join(stateDir, name);
    mkdirSync(ownDir);
    cpSync(join(stateDir, 'secrets'), join(ownDir, 'secrets'), { recursive: true });
    const { path, logIn, setting } = programOf[name === 'projector' || name === 'signer' ? name : 'server'];
    const database = new URL(logIns[logIn]);
    database.host = `127.0.0.1:${String(await relayTo(`${name} to PostgreSQL`, { host: '127.0.0.1', port: postgres.port }))}`;
    const program = runProgram(path, {
      env: {
        ...{ STATE_DIR: ownDir, LOG_LEVEL: 'warn', LEDGER: eventLog.ledger },
        [setting]: database.href,
        ...(eventLog.eventLogUrl !== undefined && { EVENT_LOG_URL: await eventLogVia(name, eventLog.eventLogUrl) }),
        ...ownEnv,
        ...envOf(name, stateDir),
      },
      log: join(stateDir, `${name}.log`),
      onGiveUp: broken.reject,
    });
    opened.defer(() => program.stop());
    return program;
  }
  async function eventLogVia(name: ProgramName, url: string): Promise<string> {
    const { hostname, port } = new URL(url);
    const via = await relayTo(`${name} to the event log`, { host: hostname, port: Number(port) });
    return url.replace(`${hostname}:${port}`, `127.0.0.1:${String(via)}`);
  }
  const serverEnv = (port: number): NodeJS.ProcessEnv => ({
    ...{ HOST: 'localhost', PORT: String(port), CERTS_DIR: certsDir, TERMINALS: 'demo' },
    ...{ BATCH_LIMIT: '50.00', CASH_DAY_LIMIT: '10000000000.00' },
  });
  const own = { 'server-a': await freePort(), 'server-b': await freePort() };
  const programs = {
    projector: await runOne('projector', {}),
    signer: await runOne('signer', {}),
    'server-a': await runOne('server-a', serverEnv(own['server-a'])),
    'server-b': await runOne('server-b', serverEnv(own['server-b'])),
  };
  const relayToServer = (name: ServerName): Promise<number> =>
    relayTo(`clients to ${name}`, { host: 'localhost', port: own[name] });
  const ports = { 'server-a': await relayToServer('server-a'), 'server-b': await relayToServer('server-b') };
  await Promise.race([Promise.all(Object.values(programs).map(({ ready }) => ready())), broken.promise]);
  const taken = opened.move();
  return {
    ...{ ca, stateDir, eventLog, logIns, secrets, postgres, programs, relays, ports, broken: broken.promise },
    async addStaff(username, role) {
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      try {
        return { username, password: await addStaff(client, username, role) };
      } finally {
        await client.end();
      }
    },
    async close(options) {
      ({ isKept } = options);
      await taken.disposeAsync();
    },
  };
}
