/** `npm run copy-journal`: moves a journal to another event log, in order, and shows that both sides are the same. */
import { Failure } from '../ledger/src/failure.ts';
import { copyJournal, sameJournals } from '../operations/src/journal-copy/copy-journal.ts';
import type { Side } from '../operations/src/journal-copy/open-side.ts';
import { moveBank, openSide } from '../operations/src/journal-copy/open-side.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage =
  'Usage: npm run copy-journal -- --from ADDRESS --to ADDRESS [--move]. An address is postgres://…, kurrentdb://…, esdb://…, or "own" for the bank’s own PostgreSQL. With --move the bank’s database goes over to the target.';

function readAddresses(): { readonly from: string; readonly to: string; readonly isMove: boolean } {
  const address = { type: 'string' } as const;
  const { from, to, move } = readArguments(usage, {
    options: { from: address, to: address, move: { type: 'boolean' } },
  }).values;
  if (from === undefined || to === undefined || from === to) throw new Failure(usage);
  return { from, to, isMove: move === true };
}

command(async () => {
  const addresses = readAddresses();
  const config = readConfig(process.env);
  const { eventLog, stateDir, walArchive } = config;
  const progress = progressDisplay(process.stdout);
  const sides: Side[] = [];
  const open = async (option: 'from' | 'to'): Promise<Side> => {
    const side = await openSide(addresses[option], {
      ...{ option: `--${option}`, ledger: eventLog.ledger },
      ...{ stateDir, walArchive },
    });
    sides.push(side);
    return side;
  };
  try {
    const source = await open('from');
    const target = await open('to');
    const [from, to] = [source.journal, target.journal];
    const copied = await copyJournal(from, to, progress.show);
    const { events, digests } = await sameJournals(from, to, progress.show);
    progress.end();
    console.log(
      [
        `${copied.toLocaleString('en')} events copied; both sides hold the same ${events.toLocaleString('en')} events.`,
        `SHA-256 of the source: ${digests.from}`,
        `SHA-256 of the target: ${digests.to}`,
      ].join('\n'),
    );
    if (addresses.isMove) {
      await moveBank(config, target);
      console.log('The bank’s database belongs to the target from now on: set EVENT_LOG_URL accordingly.');
    }
  } finally {
    progress.end();
    for (const side of sides.reverse()) await side.close();
  }
});
