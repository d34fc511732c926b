/** The crash drill: everybody moves money while one fault after the other comes, and then the history is checked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../../ledger/src/failure.ts';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { deposit } from '../../../api/src/calls/money.ts';
import type { Chance } from './chance.ts';
import { chanceOf } from './chance.ts';
import { findDifferences } from './check.ts';
import type { Customer, Town } from './customer.ts';
import { beginSession, liveAsCustomer, moveMoney, openOne, readOwn } from './customer.ts';
import type { DrilledBank } from './drilled-bank.ts';
import { openDrilledBank, serverNames } from './drilled-bank.ts';
import { collectEvidence } from './evidence.ts';
import { faultsInTurn, inflict } from './faults.ts';
import type { Waiting } from './operator.ts';
import { beginStaffSession, liveAsAuditor, liveAsOperator, staffOf } from './operator.ts';
import type { Recorder } from './recorder.ts';
import { recorderFor } from './recorder.ts';
import type { DrillReport, Round } from './report.ts';
import { summarise } from './report.ts';

export type CrashOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly eventLog: EventLog;
  /** Told of every round. */
  readonly onRound: (round: Round, index: number) => void;
  /** Ends the drill early: what has been done is checked and reported. */
  readonly signal?: AbortSignal;
};

const customers = 8;
/** Between two faults, so that the load goes on undisturbed for a moment. */
const rest = { leastMs: 100, mostMs: 800 };

export async function crashDrill({ rounds, seed, eventLog, onRound, signal }: CrashOptions): Promise<DrillReport> {
  const chance = chanceOf(seed);
  const bank = await openDrilledBank({ eventLog });
  let isKept = true;
  try {
    const ending = new AbortController();
    const recorder = recorderFor(bank, ending.signal);
    const town: Town = { accounts: [], spare: [], reversible: [] };
    const load = await beginLoad(bank, { recorder, town, chance });
    const probe = await openProbe(recorder, chance);
    const startedAt = performance.now();
    const done: Round[] = [];
    const faults = faultsInTurn(bank, chance.branch('faults'));
    const timing = chance.branch('timing');
    for (let index = 0; index < rounds && signal?.aborted !== true; index++) {
      const beganAt = performance.now();
      const inflicted = await inflict(faults, timing);
      const overAt = performance.now();
      await Promise.race([untilRecovered(recorder, probe, timing), bank.broken]);
      const round = {
        faults: inflicted.map(({ kind, target }) => `${kind}: ${target}`),
        heldMs: overAt - beganAt,
        recoveryMs: performance.now() - overAt,
      };
      done.push(round);
      onRound(round, index);
      await sleep(timing.whole(rest.leastMs, rest.mostMs));
    }
    ending.abort();
    await Promise.race([load.ended, bank.broken]);
    const evidence = await collectEvidence(bank, recorder, load.auditor);
    const differences = findDifferences(evidence);
    isKept = differences.length > 0;
    const { stateDir } = bank;
    const elapsedMs = performance.now() - startedAt;
    return summarise({ seed, rounds: done, evidence, differences, answers: recorder.answers, elapsedMs, stateDir });
  } finally {
    await bank.close({ isKept });
  }
}

async function beginLoad(
  bank: DrilledBank,
  { recorder, town, chance }: { readonly recorder: Recorder; readonly town: Town; readonly chance: Chance },
) {
  const member = async (name: string, role: 'operator' | 'auditor') => {
    const staff = staffOf(await bank.addStaff(name, role), chance.branch(name));
    await beginStaffSession(recorder, staff);
    return staff;
  };
  const operators = [await member('operator-1', 'operator'), await member('operator-2', 'operator')];
  const auditor = await member('auditor', 'auditor');
  const waiting: Waiting[] = [];
  const ended = Promise.all([
    ...Array.from({ length: customers }, (_, n) =>
      liveAsCustomer(recorder, town, chance.branch(`customer ${String(n)}`)),
    ),
    ...operators.map((staff) => liveAsOperator(recorder, town, staff, waiting)),
    liveAsAuditor(recorder, town, auditor),
  ]);
  ended.catch(() => undefined);
  return { ended, auditor };
}

/** A customer of nobody else's: no operator touches the account. */
async function openProbe(recorder: Recorder, chance: Chance): Promise<Customer> {
  const own: Town = { accounts: [], spare: [], reversible: [] };
  const probe = await openOne(recorder, own, chance);
  if (probe === undefined || !(await beginSession(recorder, probe, chance))) {
    throw new Failure('The drill could not begin: no account could be opened.');
  }
  return probe;
}

/** Until both servers took a deposit and showed it. Throws a `Failure` when one never does. */
async function untilRecovered(recorder: Recorder, probe: Customer, chance: Chance): Promise<void> {
  const own: Town = { accounts: [], spare: [], reversible: [] };
  for (const server of serverNames) {
    const reply = await moveMoney(recorder, own, probe, { call: deposit, amountMinor: 1n, chance, server });
    const isShown = reply?.status === 201 && (await readOwn(recorder, probe, { chance, server }));
    if (!isShown) throw new Failure(`${server} did not recover: it takes no deposit any more, or does not show it.`);
  }
}
