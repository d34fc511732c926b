/** What every drill under load does: opens a bank, lets a load and a trouble run beside each other, checks the history, reports. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import type { Chance } from './chance.ts';
import { chanceOf } from './chance.ts';
import { findDifferences } from './check.ts';
import type { DrilledBank, Place } from './drilled-bank.ts';
import { openDrilledBank, serverNames } from './drilled-bank.ts';
import { collectEvidence } from './evidence.ts';
import type { Staff } from './operator.ts';
import { beginStaffSession, staffOf } from './operator.ts';
import type { Patience, Recorder } from './recorder.ts';
import { recorderFor } from './recorder.ts';
import type { DrillReport, Round } from './report.ts';
import { summarise } from './report.ts';

export type Scene = {
  readonly bank: DrilledBank;
  readonly recorder: Recorder;
  readonly chance: Chance;
  readonly auditor: Staff;
};

export async function runDrill({
  seed,
  eventLog,
  patience,
  place,
  load,
  trouble,
}: {
  readonly seed: number;
  readonly eventLog: EventLog;
  readonly patience?: Patience;
  readonly place?: Place;
  /** Begins it; gives what has to end once the recorder's signal is aborted. */
  readonly load: (scene: Scene) => Promise<readonly Promise<void>[]>;
  readonly trouble: (scene: Scene) => Promise<readonly Round[]>;
}): Promise<DrillReport> {
  const chance = chanceOf(seed);
  const bank = await openDrilledBank({ eventLog, place });
  let isKept = true;
  try {
    const ending = new AbortController();
    const recorder = recorderFor(bank, ending.signal, patience);
    const auditor = await hire({ bank, recorder, chance }, 'auditor', 'auditor');
    const scene: Scene = { bank, recorder, chance, auditor };
    const startedAt = performance.now();
    const lives = Promise.all(await load(scene));
    lives.catch(() => undefined);
    const rounds = await trouble(scene);
    ending.abort();
    await Promise.race([lives, bank.broken]);
    const evidence = await collectEvidence(bank, recorder, auditor);
    const differences = findDifferences(evidence);
    // Broken infrastructure is answered with 503: 500 is a defect, whose reason is in the logs.
    const { answers } = recorder;
    const isDefective = answers.has('500 internal_error');
    isKept = differences.length > 0 || isDefective;
    const elapsedMs = performance.now() - startedAt;
    const { stateDir } = bank;
    const defects = isDefective ? defectsIn(stateDir) : [];
    return summarise({ seed, rounds, evidence, differences, defects, answers, elapsedMs, stateDir });
  } finally {
    await bank.close({ isKept });
  }
}

/** What the servers' logs say of requests that failed: each kind on one line, with how often it was. */
function defectsIn(stateDir: string): readonly string[] {
  const stacks = serverNames.flatMap((name) =>
    readFileSync(join(stateDir, `${name}.log`), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"msg":"a request failed"'))
      .map((line) => {
        const { err } = JSON.parse(line) as { readonly err: { readonly stack?: string } };
        return `${name}: ${String(err.stack).replaceAll(/\n\s*/g, ' ')}`;
      }),
  );
  return [...Map.groupBy(stacks, (stack) => stack)].map(([stack, all]) => `${String(all.length)} times, ${stack}`);
}

/** Somebody of the staff who is logged in. */
export async function hire(
  { bank, recorder, chance }: Omit<Scene, 'auditor'>,
  ...[username, role]: Parameters<DrilledBank['addStaff']>
): Promise<Staff> {
  const staff = staffOf(await bank.addStaff(username, role), chance.branch(username));
  await beginStaffSession(recorder, staff);
  return staff;
}
