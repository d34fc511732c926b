/** The crash drill: everybody does everything while one fault after the other comes. */
import type { Town } from './customer.ts';
import { liveAsCustomer } from './customer.ts';
import type { Waiting } from './operator.ts';
import { liveAsAuditor, liveAsOperator } from './operator.ts';
import type { DrillReport } from './report.ts';
import type { DrillOptions } from './rounds.ts';
import { runRounds } from './rounds.ts';
import type { Scene } from './run.ts';
import { hire, runDrill } from './run.ts';

const customers = 8;

export const crashDrill = ({ seed, eventLog, ...rounds }: DrillOptions): Promise<DrillReport> =>
  runDrill({
    ...{ seed, eventLog, load: everyCommand },
    trouble: ({ bank, recorder, chance }) => runRounds(bank, recorder, { ...rounds, chance }),
  });

async function everyCommand(scene: Scene): Promise<readonly Promise<void>[]> {
  const { recorder, chance, auditor } = scene;
  const town: Town = { accounts: [], spare: [], reversible: [] };
  const waiting: Waiting[] = [];
  const operators = [await hire(scene, 'operator-1', 'operator'), await hire(scene, 'operator-2', 'operator')];
  return [
    ...Array.from({ length: customers }, (_, n) =>
      liveAsCustomer(recorder, town, chance.branch(`customer ${String(n)}`)),
    ),
    ...operators.map((staff) => liveAsOperator(recorder, town, staff, waiting)),
    liveAsAuditor(recorder, town, auditor),
  ];
}
