/** `npm run drill`: breaks a bank made for it, on purpose, and checks that nothing was lost. */
import { randomInt, randomUUID } from 'node:crypto';
import { Failure } from '../ledger/src/failure.ts';
import { bankDrill } from '../operations/src/drill/bank.ts';
import { crashDrill } from '../operations/src/drill/crash.ts';
import { textOf } from '../operations/src/drill/report.ts';
import { machineDrill } from '../operations/src/drill/machine.ts';
import { restoreDrill } from '../operations/src/drill/restore.ts';
import { rollingDrill } from '../operations/src/drill/rolling.ts';
import { openTamperBank } from '../operations/src/drill/tamper-bank.ts';
import { tamperDrill, tamperText } from '../operations/src/drill/tamper.ts';
import type { DrillOptions } from '../operations/src/drill/rounds.ts';
import type { DrillReport } from '../operations/src/drill/report.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run drill -- crash|bank|rolling|machine [--rounds N] [--seed S] [--event-log URL]
  crash    every kind of command, while servers, projector and PostgreSQL are killed, frozen and cut off
  bank     transfers between a few accounts and reads of them all, under the same faults
  rolling  two servers restarted one after the other, with clients that retry once
  machine  each once: disk full, read-only or losing writes, no connection or file left, clocks that jump
       npm run drill -- restore [--commands N]
  restore  a backup taken under load, restored in every way there is
       npm run drill -- tamper [--count N] [--seed S]
  tamper   the database altered as its owner could, and whether the verification names it`;

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number >= 1) return number;
  throw new Failure(`--${name} is "${text}", but must be a whole number from 1 on.\n${usage}`);
}

/** A drill in rounds, which Ctrl-C ends after the round it is in. */
const inRounds =
  (drill: (options: DrillOptions) => Promise<DrillReport>) =>
  async (args: string[]): Promise<boolean> => {
    const { values } = readArguments(usage, {
      args,
      options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string' }, 'event-log': { type: 'string' } },
    });
    const rounds = wholeNumber('rounds', values.rounds);
    const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : wholeNumber('seed', values.seed);
    console.log(`Seed ${String(seed)}`);
    const stopping = new AbortController();
    // What was started is ended in order: nothing outlives the drill.
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        console.log('Stopping after this round …');
        stopping.abort();
      });
    }
    const report = await drill({
      ...{ rounds, seed, signal: stopping.signal },
      eventLog: { eventLogUrl: values['event-log'], ledger: randomUUID() },
      onRound({ faults, heldMs, recoveryMs }, index) {
        const [held, recovery] = [heldMs, recoveryMs].map((value) => String(Math.round(value)));
        console.log(
          `${String(index + 1)}. ${faults.join(' + ')}, ${String(held)} ms; back after ${String(recovery)} ms`,
        );
      },
    });
    console.log(`\n${textOf(report)}`);
    return report.differences.length === 0;
  };

async function restore(args: string[]): Promise<boolean> {
  const { values } = readArguments(usage, { args, options: { commands: { type: 'string', default: '20000' } } });
  const onStep = (step: string): void => {
    console.log(step);
  };
  const report = await restoreDrill({ commands: wholeNumber('commands', values.commands), onStep });
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  console.log(`\n${String(report.acknowledged)} commands acknowledged; backup taken in ${seconds(report.backupMs)}`);
  for (const { what, position, durationMs, differences } of report.restored) {
    console.log(`${what}: position ${String(position)}, restored and verified in ${seconds(durationMs)}`);
    for (const difference of differences.slice(0, 10)) console.log(`  ${difference}`);
    if (differences.length > 10) console.log(`  and ${String(differences.length - 10)} more`);
  }
  return report.restored.every(({ differences }) => differences.length === 0);
}

async function tamper(args: string[]): Promise<boolean> {
  const { values } = readArguments(usage, {
    args,
    options: { count: { type: 'string', default: '200' }, seed: { type: 'string' } },
  });
  const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : wholeNumber('seed', values.seed);
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      stopping.abort();
    });
  const count = wholeNumber('count', values.count);
  const bank = await openTamperBank();
  try {
    const report = await tamperDrill({ bank, count, seed, signal: stopping.signal });
    console.log(tamperText(report));
    return report.undetected.length === 0 && report.unnamed.length === 0;
  } finally {
    await bank.close();
  }
}

/** Each gives whether all was well. */
const drills: Readonly<Record<string, (args: string[]) => Promise<boolean>>> = {
  crash: inRounds(crashDrill),
  bank: inRounds(bankDrill),
  rolling: inRounds(rollingDrill),
  machine: inRounds(async (options) => {
    const { skipped, ...report } = await machineDrill(options);
    for (const { name, why } of skipped) console.log(`skipped: ${name}: ${why}`);
    return report;
  }),
  restore,
  tamper,
};

command(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const drill = Object.hasOwn(drills, name) ? drills[name] : undefined;
  if (drill === undefined) throw new Failure(usage);
  if (!(await drill(args))) process.exitCode = 1;
});
