/** The machine drill: a disk that is full, read-only or loses writes, no connection, no file left, clocks that jump; each once, under load. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { ready } from '../../../api/src/calls/system.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Town } from './customer.ts';
import { liveAsCustomer } from './customer.ts';
import type { Disk } from './disk.ts';
import { makeDisk, whyNoDisk } from './disk.ts';
import type { DrilledBank, Place } from './drilled-bank.ts';
import { liveAsAuditor } from './operator.ts';
import type { Recorder } from './recorder.ts';
import type { DrillReport } from './report.ts';
import type { DrillOptions } from './rounds.ts';
import { openProbe, runRound } from './rounds.ts';
import type { Scene } from './run.ts';
import { runDrill } from './run.ts';

/** What the drill looks for on this machine before it begins. */
type Machine = {
  readonly bank: DrilledBank;
  readonly recorder: Recorder;
  readonly disk: Disk | undefined;
  readonly clockFile: string;
};

type MachineFault = {
  readonly name: string;
  /** Why it is impossible here. */
  readonly why?: string | undefined;
  /** Gives what ends it. */
  readonly begin: (machine: Machine) => Promise<() => Promise<void>>;
};

const hour = 3_600_000;
/** So that what the fault hits is used while it lasts. */
const holdMs = 3_000;

function clockFault(name: string, offsetMs: number): MachineFault {
  return {
    name,
    async begin({ clockFile, recorder }) {
      writeFileSync(clockFile, String(offsetMs));
      await untilWarned(recorder);
      return () => {
        writeFileSync(clockFile, '0');
        return Promise.resolve();
      };
    },
  };
}

const warnedWithinMs = 30_000;

/** Until server-b itself says that its clock is wrong. Throws a `Failure` when it never does. */
async function untilWarned({ clients }: Recorder): Promise<void> {
  const until = performance.now() + warnedWithinMs;
  while (performance.now() < until) {
    const reply = await clients['server-b'].send(ready, {}).catch(() => undefined);
    const warnings = (reply?.body['warnings'] ?? []) as readonly { readonly code: string }[];
    if (warnings.some(({ code }) => code === 'clock')) return;
    await sleep(200);
  }
  throw new Failure('The clock of server-b was set, and it did not notice.');
}

function faultsOf(noDisk: string | undefined): readonly MachineFault[] {
  const onDisk = (name: string, begin: (disk: Disk) => void, end: (machine: Machine, disk: Disk) => Promise<void>) => ({
    ...{ name, why: noDisk },
    async begin(machine: Machine) {
      const { disk, bank } = machine;
      if (disk === undefined) throw new Failure(`${name} needs a disk of its own`);
      begin(disk);
      await writeMore(bank);
      return () => end(machine, disk);
    },
  });
  /** PostgreSQL stands still while its disk is mounted anew. */
  const mend = ({ bank }: Machine, disk: Disk): Promise<void> =>
    bank.postgres.whileDown(() => {
      disk.mend();
    });
  return [
    onDisk(
      'the disk is full',
      (disk) => {
        disk.fill();
      },
      (_machine, disk) => {
        disk.empty();
        return Promise.resolve();
      },
    ),
    onDisk(
      'the disk is read-only',
      (disk) => {
        disk.turnReadOnly();
      },
      mend,
    ),
    onDisk(
      'fsync fails',
      (disk) => {
        disk.loseWrites();
      },
      mend,
    ),
    { name: 'no connection is left in PostgreSQL', begin: ({ bank }) => takeConnections(bank) },
    {
      ...{ name: 'no file is left to server-a', why: spawnSync('prlimit', ['--version']).error?.message },
      begin: ({ bank }) => Promise.resolve(limitFiles(bank)),
    },
    clockFault('server-b’s clock jumps an hour ahead', hour),
    clockFault('server-b’s clock jumps an hour back', -hour),
  ];
}

/** So that new room on the disk is needed at once: the next write begins a new file of the log. */
async function writeMore({ postgres }: DrilledBank): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_switch_wal()');
  } catch {
    // The fault has hit already.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Takes every connection there is, the bank's own too. */
async function takeConnections({ postgres, logIns }: DrilledBank): Promise<() => Promise<void>> {
  const owner = new pg.Client({ connectionString: postgres.url });
  owner.on('error', () => undefined);
  await owner.connect();
  const taken: pg.Client[] = [];
  const application_name = 'grand-livre-drill';
  const take = async (): Promise<void> => {
    for (;;) {
      const client = new pg.Client({ connectionString: logIns.server, application_name });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch {
        return;
      }
      taken.push(client);
    }
  };
  await take();
  await owner.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user and application_name <> $1',
    [application_name],
  );
  await take();
  return async () => {
    await Promise.all([...taken, owner].map((client) => client.end().catch(() => undefined)));
  };
}

/** No more than are open, and its connections to PostgreSQL end: it cannot open one anew. */
function limitFiles({ programs, relays }: DrilledBank): () => Promise<void> {
  const pid = programs['server-a'].pid();
  const set = (soft: string): void => void spawnSync('prlimit', [`--pid=${String(pid)}`, `--nofile=${soft}:`]);
  const before = spawnSync('prlimit', [`--pid=${String(pid)}`, '--nofile', '--noheadings', '--output=SOFT'], {
    encoding: 'utf8',
  }).stdout.trim();
  // A new file gets the lowest number that is free: below 3 there is none, while the server has its three standard streams.
  set('3');
  const relay = relays.get('server-a to PostgreSQL');
  relay?.set('reset');
  relay?.set('whole');
  return () => {
    set(before);
    return Promise.resolve();
  };
}

export type MachineReport = DrillReport & {
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
};

export async function machineDrill({
  seed,
  eventLog,
  onRound,
  signal,
}: Omit<DrillOptions, 'rounds'>): Promise<MachineReport> {
  const noDisk = whyNoDisk();
  const disk = noDisk === undefined ? makeDisk() : undefined;
  const faults = faultsOf(noDisk);
  const shim = pathToFileURL(join(import.meta.dirname, 'set-clock.ts')).href;
  const envOf: Place['envOf'] = (name, stateDir) =>
    name === 'server-b' ? { NODE_OPTIONS: `--import=${shim}?file=${encodeURIComponent(join(stateDir, 'clock'))}` } : {};
  try {
    const report = await runDrill({
      ...{ seed, eventLog, load: customersAndAuditor },
      place: { databaseDir: disk?.dir, envOf },
      async trouble({ bank, recorder, chance }) {
        const machine = { bank, recorder, disk, clockFile: join(bank.stateDir, 'clock') };
        const probe = await openProbe(recorder, chance.branch('probe'));
        const done = [];
        for (const { name, begin } of faults.filter(({ why }) => why === undefined)) {
          if (signal?.aborted === true) break;
          const inflict = async (): Promise<readonly string[]> => {
            const end = await begin(machine);
            await sleep(holdMs);
            await end();
            return [name];
          };
          const round = await runRound(bank, { recorder, probe, chance: chance.branch(name), inflict });
          onRound(round, done.length);
          done.push(round);
        }
        return done;
      },
    });
    return { ...report, skipped: faults.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])) };
  } finally {
    disk?.remove();
  }
}

const customers = 6;

function customersAndAuditor({ recorder, chance, auditor }: Scene): Promise<readonly Promise<void>[]> {
  const town: Town = { accounts: [], spare: [], reversible: [] };
  return Promise.resolve([
    ...Array.from({ length: customers }, (_, n) =>
      liveAsCustomer(recorder, town, chance.branch(`customer ${String(n)}`)),
    ),
    liveAsAuditor(recorder, town, auditor),
  ]);
}
