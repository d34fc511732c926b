/** The logs of the bank's processes as one stream of lines, in the order of their times. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../../ledger/src/failure.ts';
import { logOf, programNames } from '../supervisor/children.ts';
import { olderLogs } from '../supervisor/log-file.ts';
import type { LogLine } from './log-line.ts';
import { logTail } from './log-tail.ts';

const pollMs = 200;

/** Following, it goes on for ever, with each line as it comes. Throws a `Failure` when there is nothing to show. */
export async function* readLogs(
  stateDir: string,
  { isFollowing }: { readonly isFollowing: boolean },
): AsyncGenerator<LogLine> {
  const paths = programNames.map((name) => ({ name, path: logOf(name, stateDir) }));
  if (!isFollowing && !paths.some(({ path }) => existsSync(path))) {
    throw new Failure(`There is no log in ${stateDir}: start the bank, or set STATE_DIR to the folder of another.`);
  }
  const tails = paths.map(({ name, path }) => logTail({ paths: [...olderLogs(path), path], source: name }));
  try {
    for (;;) {
      for (const tail of tails) await tail.fill();
      const [next, ...others] = tails.filter((tail) => tail.first() !== undefined);
      if (next === undefined) {
        if (!isFollowing) return;
        await sleep(pollMs);
        continue;
      }
      const timeOf = (tail: typeof next): string => tail.first()?.time ?? '';
      const earliest = others.reduce((one, other) => (timeOf(other) < timeOf(one) ? other : one), next);
      const line = earliest.first();
      earliest.takeFirst();
      if (line !== undefined) yield line;
    }
  } finally {
    for (const tail of tails) await tail.close();
  }
}
