/** `npm run drill`: breaks a bank made for it, on purpose, and checks that nothing was lost. */
import { Failure } from '../ledger/src/failure.ts';
import { restoreDrill } from '../operations/src/drill/restore.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run drill -- restore [--commands N]
  restore   backs a bank up under load and restores it in every way there is`;

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number >= 1) return number;
  throw new Failure(`--${name} is "${text}", but must be a whole number from 1 on.\n${usage}`);
}

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

/** Each gives whether all was well. */
const drills: Readonly<Record<string, (args: string[]) => Promise<boolean>>> = { restore };

command(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const drill = Object.hasOwn(drills, name) ? drills[name] : undefined;
  if (drill === undefined) throw new Failure(usage);
  if (!(await drill(args))) process.exitCode = 1;
});
