/**
 * Several bookkeepers over one journal, through conflicts, lost answers, late commits, slow calls, outages, stuck locks,
 * crashes, orderly ends at any moment and stale snapshots, from a seed.
 */
import { testMacKey } from '../support/mac-key.ts';
import { expect, test } from 'vitest';
import type { Bookkeeper } from '../../src/bookkeeper/bookkeeper.ts';
import { missingKey } from '../../src/bookkeeper/deciding.ts';
import type { Limits } from '../../src/bookkeeper/dependencies.ts';
import { openBookkeeper } from '../../src/bookkeeper/open.ts';
import { takeSnapshot } from '../../src/bookkeeper/snapshot.ts';
import type { Snapshot, Unusable } from '../../src/bookkeeper/snapshot-file.ts';
import { fromBytes, toBytes } from '../../src/bookkeeper/snapshot-file.ts';
import type { Submission } from '../../src/bookkeeper/submission.ts';
import type { Command } from '../../src/domain/commands.ts';
import { decode } from '../../src/domain/codec.ts';
import { memoryJournal } from '../../src/journal/memory-journal.ts';
import type { Process } from './faults.ts';
import type { Outages } from './faults.ts';
import { faultyJournal, laggingKeyIndex, unfairWriterLock } from './faults.ts';
import type { Observation } from './history.ts';
import { expectSound } from './history.ts';
import type { Random } from './scheduler.ts';
import { random, scheduler } from './scheduler.ts';

const firstSeed = Number(process.env['SIMULATION_SEED'] ?? '1');
const runs = Number(process.env['SIMULATION_RUNS'] ?? '300');

/** None, seconds, two days and a year. */
const clockErrorsMs = [0, 0, 3_000, -3_000, 2 * 86_400_000, -365 * 86_400_000];

/** Limits so low, and days so short (a minute, which this clock's 240-fold speed makes a quarter of a second), that a run comes to the end of both. */
const clockSpeed = 240;
const cashRules = {
  limits: { depositMinor: 90n, withdrawalMinor: 80n, dayMinor: 300n },
  /** Each minute has the name of a day of its own. */
  dayOf: (instantMs: number): string => {
    const minutes = Math.floor((instantMs - Date.UTC(2024, 0, 1)) / 60_000);
    return new Date(Date.UTC(2024, 0, 1) + minutes * 86_400_000).toISOString().slice(0, 10);
  },
};

type Result = {
  readonly observations: number;
  readonly crashes: number;
  readonly events: number;
  readonly troubles: number;
  readonly lookUps: number;
  readonly losses: number;
  readonly cashDeclines: number;
  readonly outages: number;
  readonly stops: number;
  /** Commands answered with `unavailable`. */
  readonly refusals: number;
  /** Of those, the ones that nobody asked for again. */
  readonly abandoned: number;
};

/** A stop ends within its two bounds, that of what waits and that of the snapshot, and a moment. */
const mostStopMs = 6_500;

async function simulate(seed: number): Promise<Result> {
  const chance = random(seed);
  const time = scheduler();
  const outages: Outages = {};
  const world = {
    time,
    chance,
    faultPercent: chance.pick([0, 0, 2, 10]),
    slowPercent: chance.pick([0, 0, 0, 1]),
    outages,
  };
  const crashPercent = chance.pick([0, 1, 5]);
  const stopPercent = chance.pick([0, 0, 2]);
  const outagePercent = chance.pick([0, 0, 1]);
  const lossPercent = chance.pick([0, 0, 20]);
  const real = memoryJournal();
  const index = laggingKeyIndex(real, world);
  const writerLock = unfairWriterLock(world);
  const limits: Partial<Limits> = {
    batch: 1 + chance.below(8),
    cachedKeys: 1 + chance.below(20),
    snapshotEvery: 1 + chance.below(30),
  };
  let ids = 0;
  let crashes = 0;
  let troubles = 0;
  let lookUps = 0;
  let losses = 0;
  let stops = 0;
  let refusals = 0;
  let outagesBegun = 0;
  const abandoned: string[] = [];

  type Living = Process & { readonly died: Promise<undefined>; readonly die: () => void };
  function newProcess(): Living {
    const { promise: died, resolve } = Promise.withResolvers<undefined>();
    const process = {
      alive: true,
      died,
      die() {
        process.alive = false;
        resolve(undefined);
      },
    };
    return process;
  }
  type Server = { process: Living; clock: { aheadMs: number }; bookkeeper?: Bookkeeper };
  const servers: Server[] = [];
  async function start(server: Server): Promise<void> {
    const process = newProcess();
    const clock = { aheadMs: chance.pick(clockErrorsMs) };
    server.clock = clock;
    server.process = process;
    delete server.bookkeeper;
    // What a crash leaves behind: some earlier snapshot, at times a damaged one, at times none.
    for (;;) {
      try {
        const bookkeeper = await openBookkeeper({
          journal: faultyJournal(real, world, process),
          keys: index.forProcess(process),
          writerLock: writerLock.forProcess(process),
          // Clocks differ, and are set back and forth.
          now: () => new Date(Date.UTC(2026, 0, 1) + time.nowMs * clockSpeed + clock.aheadMs).toISOString(),
          dayOf: cashRules.dayOf,
          cashLimits: cashRules.limits,
          newId: () => `id-${String(ids++)}`,
          macKey: testMacKey,
          schedule: (run) => {
            time.at(0, () => {
              if (process.alive) run();
            });
          },
          timer: (delayMs, run) =>
            time.timer(delayMs, () => {
              if (process.alive) run();
            }),
          onTrouble: () => {
            troubles++;
          },
          onBroken: (error) => {
            throw error;
          },
          limits,
          snapshots: {
            load: (): Promise<Snapshot | Unusable | undefined> =>
              Promise.resolve(disk === undefined ? undefined : fromBytes(disk)),
            save(book, at, beside) {
              const saved = toBytes(takeSnapshot(book, at, beside));
              if (chance.chance(5)) saved[chance.below(saved.length)] = 0;
              if (chance.chance(70)) disk = saved;
              return Promise.resolve();
            },
          },
        });
        if (server.process === process) server.bookkeeper = bookkeeper;
        return;
      } catch (error) {
        if (!(error instanceof Error) || !['ConnectionLost', 'TimedOut'].includes(error.name)) throw error;
        await time.sleep(5);
      }
    }
  }
  let disk: Buffer | undefined;
  const failures: unknown[] = [];
  const guard = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => failures.push(error));
  };
  for (let n = 1 + chance.below(3); n > 0; n--) {
    const server: Server = { process: newProcess(), clock: { aheadMs: 0 } };
    servers.push(server);
    guard(start(server));
  }
  function crash(server: Server): void {
    crashes++;
    server.process.die();
    guard(start(server));
  }
  /** A new process takes its place once it has ended. */
  async function stop(server: Server): Promise<void> {
    const { bookkeeper, process } = server;
    if (bookkeeper === undefined) return;
    stops++;
    const begunMs = time.nowMs;
    await Promise.race([bookkeeper.stop(), process.died]);
    expect(time.nowMs - begunMs, 'a stop is over within its bounds').toBeLessThan(mostStopMs);
    if (process.alive) {
      process.die();
      await start(server);
    }
  }
  function beginOutage(): void {
    outagesBegun++;
    const what = chance.pick(['journal', 'keys', 'writerLock'] as const);
    Object.assign(outages, { [what]: chance.pick(['refused', 'silent']) });
    // It may be over before anybody notices, or last longer than every wait.
    time.at(chance.pick([5, 100, 1_600, 4_000, 13_000]), () => {
      Object.assign(outages, { [what]: undefined });
    });
  }
  const tick = (): void => {
    if (chance.chance(outagePercent)) beginOutage();
    if (chance.chance(lossPercent)) index.lose();
    for (const server of servers) {
      if (chance.chance(5)) server.clock.aheadMs = chance.pick(clockErrorsMs);
      if (chance.chance(crashPercent)) crash(server);
      else if (chance.chance(stopPercent)) guard(stop(server));
      else if (server.bookkeeper !== undefined) guard(server.bookkeeper.catchUp());
    }
    time.at(20, tick);
  };
  time.at(20, tick);

  const observations: Observation[] = [];
  const answeredBefore = new Set<string>();
  /**
   * Asks until somebody answers: a server that dies leaves its callers to ask again, with the same key. Undefined when the
   * read model lost the key of what was carried out before.
   */
  async function ask(commandId: string, command: Command, requestHash = 'same'): Promise<Observation | undefined> {
    const submission: Submission = {
      command,
      commandId,
      requestHash,
      actor: 'test',
      terminal: 'test',
      correlationId: '',
    };
    const headAtAsking = await real.head();
    for (let isFirst = true; ; isFirst = false) {
      const server = chance.pick(servers);
      const { process } = server;
      const asked = { isLost: false };
      const answered = server.bookkeeper?.submit(submission).catch((error: unknown) => {
        asked.isLost = error instanceof Error && error.message === missingKey;
        return undefined;
      });
      const outcome = answered === undefined ? undefined : await Promise.race([answered, process.died]);
      if (outcome?.accepted === false && outcome.rejection.code === 'unavailable') {
        refusals++;
        // Nobody sent this command before, and nobody will again: it must never be carried out.
        if (isFirst && !answeredBefore.has(commandId) && chance.chance(30)) {
          abandoned.push(commandId);
          return undefined;
        }
      } else if (outcome !== undefined && (outcome.accepted || outcome.rejection.code !== 'overloaded')) {
        answeredBefore.add(commandId);
        const observation = { commandId, command, headAtAsking, headAtAnswer: await real.head(), outcome };
        observations.push(observation);
        return observation;
      }
      if (outcome === undefined && asked.isLost) {
        expect(lossPercent).toBeGreaterThan(0);
        losses++;
        return undefined;
      }
      await time.sleep(1 + chance.below(20));
    }
  }
  /** Whoever is asked finds a command where it is, accepted or declined, and no trace of one that never came. */
  async function expectFound({ commandId, outcome }: Observation): Promise<void> {
    const server = chance.pick(servers);
    const asked = server.bookkeeper?.findRecorded([commandId, 'never']).catch(() => undefined);
    const found = asked && (await Promise.race([asked, server.process.died]));
    if (found === undefined) return;
    lookUps++;
    const recorded = outcome.accepted ? outcome.recorded[0] : outcome.declined;
    const first = recorded && { position: recorded.position, requestHash: 'same', event: recorded.event };
    expect([...found], commandId).toEqual(first === undefined ? [] : [[commandId, first]]);
  }
  /** Accepted or declined, a command is answered the same for ever, whatever has become possible since. */
  async function expectSameAgain({ commandId, command, outcome }: Observation): Promise<void> {
    const again = await ask(commandId, command);
    if (again === undefined) return;
    expect(again.outcome).toEqual({ ...outcome, replayed: true });
    // What was true when it was first decided need not be true now.
    if (!again.outcome.accepted) observations.pop();
  }
  const clients = 2 + chance.below(6);
  const commandsEach = 12;
  const accounts = Array.from({ length: 1 + chance.below(4) }, (_, n) => String(n + 1));
  let finished = 0;
  async function client(name: string): Promise<void> {
    const answered: Observation[] = [];
    for (let n = 0; n < commandsEach; n++) {
      const commandId = `${name}-${String(n)}`;
      const first = await ask(commandId, randomCommand(chance, accounts));
      if (first === undefined) continue;
      if (chance.chance(10)) await expectFound(first);
      answered.push(first);
      if (chance.chance(25)) await expectSameAgain(first);
      if (chance.chance(10)) {
        const other = await ask(commandId, first.command, 'other');
        if (other === undefined) continue;
        expect(other.outcome).toEqual({ accepted: false, rejection: { code: 'idempotency_key_reused' } });
        observations.pop();
      }
    }
    if (lossPercent > 0) for (const first of answered) await expectSameAgain(first);
    finished++;
  }
  guard(
    (async () => {
      for (const account of accounts) {
        const customer = { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' };
        answeredBefore.add(`open-${account}`);
        await ask(`open-${account}`, {
          type: 'OpenAccount',
          account,
          customer,
          accountType: 'current',
          currency: 'EUR',
          floor: 0n,
        });
      }
      for (let n = 0; n < clients; n++) guard(client(`client-${String(n)}`));
    })(),
  );
  const done = await time.run(() => finished === clients || failures.length > 0, 1_000_000);
  if (failures.length > 0) throw failures[0] as Error;
  expect(done, 'every command is answered in the end').toBe(true);
  // A second chance for appends that are still on their way to do harm.
  await time.run(() => false, 300);
  const journal = (await real.read({ from: 1, limit: 1_000_000 })).map(decode);
  expectSound(journal, observations, cashRules);
  const recorded = new Set(journal.map(({ metadata }) => metadata.commandId));
  expect(abandoned.filter((commandId) => recorded.has(commandId))).toEqual([]);
  const cashDeclines = journal.filter(
    ({ event }) => event.type === 'CommandDeclined' && event.code === 'cash_limit_exceeded',
  ).length;
  return {
    observations: observations.length,
    crashes,
    events: journal.length,
    troubles,
    lookUps,
    losses,
    cashDeclines,
    outages: outagesBegun,
    stops,
    refusals,
    abandoned: abandoned.length,
  };
}

function randomCommand(chance: Random, accounts: readonly string[]): Command {
  const account = chance.pick(accounts);
  const sum = { amount: BigInt(chance.below(100)), currency: 'EUR' } as const;
  switch (chance.below(4)) {
    case 0:
      return { type: 'Deposit', account, terminal: chance.pick(['desk', 'desk', 'kiosk-1']), ...sum };
    case 1:
      return { type: 'Withdraw', account, terminal: chance.pick(['desk', 'desk', 'kiosk-1']), ...sum };
    case 2:
      return { type: chance.pick(['FreezeAccount', 'UnfreezeAccount', 'UnfreezeAccount']), account, reason: 'test' };
    default:
      return { type: 'Transfer', from: account, to: chance.pick([...accounts, '99']), ...sum };
  }
}

test(
  `${String(runs)} simulated runs from seed ${String(firstSeed)} leave a sound journal`,
  { timeout: 900_000, retry: 0 },
  async () => {
    const totals: { -readonly [K in keyof Result]: number } = {
      ...{ observations: 0, crashes: 0, events: 0, troubles: 0, lookUps: 0, losses: 0, cashDeclines: 0 },
      ...{ outages: 0, stops: 0, refusals: 0, abandoned: 0 },
    };
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      try {
        const result = await simulate(seed);
        for (const key of Object.keys(totals) as (keyof Result)[]) totals[key] += result[key];
      } catch (error) {
        throw new Error(`seed ${String(seed)} (run again with SIMULATION_SEED=${String(seed)} SIMULATION_RUNS=1)`, {
          cause: error,
        });
      }
    }
    console.info(`simulated from seed ${String(firstSeed)}:`, totals);
    // A simulation in which nothing goes wrong proves nothing.
    if (runs >= 100) expect(Math.min(...Object.values(totals))).toBeGreaterThan(0);
  },
);
