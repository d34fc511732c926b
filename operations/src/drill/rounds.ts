/** Rounds of faults on a bank under load: one after the other, each measured until both servers are back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deposit } from '../../../api/src/calls/money.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import type { Chance } from './chance.ts';
import type { Customer, Town } from './customer.ts';
import { beginSession, moveMoney, openOne, readOwn } from './customer.ts';
import type { DrilledBank } from './drilled-bank.ts';
import { serverNames } from './drilled-bank.ts';
import { faultsInTurn, inflict } from './faults.ts';
import type { Recorder } from './recorder.ts';
import type { Round } from './report.ts';

export type DrillOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly eventLog: EventLog;
  /** Told of every round. */
  readonly onRound: (round: Round, index: number) => void;
  /** Ends the drill early: what has been done is checked and reported. */
  readonly signal?: AbortSignal;
};

/** Between two faults, so that the load goes on undisturbed for a moment. */
const rest = { leastMs: 100, mostMs: 800 };

export async function runRounds(
  bank: DrilledBank,
  recorder: Recorder,
  {
    rounds,
    onRound,
    signal,
    chance,
  }: Pick<DrillOptions, 'rounds' | 'onRound' | 'signal'> & { readonly chance: Chance },
): Promise<readonly Round[]> {
  const timing = chance.branch('timing');
  const faults = faultsInTurn(bank, chance.branch('faults'));
  const probe = await openProbe(recorder, timing);
  const done: Round[] = [];
  for (let index = 0; index < rounds && signal?.aborted !== true; index++) {
    const inflicting = async (): Promise<readonly string[]> =>
      (await inflict(faults, timing)).map(({ kind, target }) => `${kind}: ${target}`);
    const round = await runRound(bank, { recorder, probe, chance: timing, inflict: inflicting });
    done.push(round);
    onRound(round, index);
    await sleep(timing.whole(rest.leastMs, rest.mostMs));
  }
  return done;
}

/** `inflict` resolves when the fault is over. Throws a `Failure` when a server does not come back. */
export async function runRound(
  bank: DrilledBank,
  {
    recorder,
    probe,
    chance,
    inflict: inflicting,
  }: {
    readonly recorder: Recorder;
    readonly probe: Customer;
    readonly chance: Chance;
    /** Gives the faults' names. */
    readonly inflict: () => Promise<readonly string[]>;
  },
): Promise<Round> {
  const beganAt = performance.now();
  const faults = await inflicting();
  const overAt = performance.now();
  await Promise.race([untilRecovered(recorder, probe, chance), bank.broken]);
  return { faults, heldMs: overAt - beganAt, recoveryMs: performance.now() - overAt };
}

/** A customer of nobody else's: no operator touches the account. */
export async function openProbe(recorder: Recorder, chance: Chance): Promise<Customer> {
  const probe = await openOne(recorder, noTown(), chance);
  if (probe === undefined || !(await beginSession(recorder, probe, chance))) {
    throw new Failure('The drill could not begin: no account could be opened.');
  }
  return probe;
}

const noTown = (): Town => ({ accounts: [], spare: [], reversible: [] });

/** Until both servers took a deposit and showed it. Throws a `Failure` when one never does. */
async function untilRecovered(recorder: Recorder, probe: Customer, chance: Chance): Promise<void> {
  for (const server of serverNames) {
    const reply = await moveMoney(recorder, noTown(), probe, { call: deposit, amountMinor: 1n, chance, server });
    const isShown = reply?.status === 201 && (await readOwn(recorder, probe, { chance, server }));
    if (!isShown) throw new Failure(`${server} did not recover: it takes no deposit any more, or does not show it.`);
  }
}
