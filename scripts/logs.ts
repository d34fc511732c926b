/** `npm run logs`: what server and projector log, readable, as one stream. */
import { Failure } from '../ledger/src/failure.ts';
import { formatLine, isAtLeast, levelNames } from '../operations/src/logs/log-line.ts';
import { readLogs } from '../operations/src/logs/read-logs.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run logs -- [--level ${levelNames.join('|')}] [--no-follow]
  --level       leaves out what is less important
  --no-follow   ends with what there is`;

command(async () => {
  const { values } = readArguments(usage, {
    options: { level: { type: 'string', default: 'trace' }, 'no-follow': { type: 'boolean' } },
  });
  const level = levelNames.find((name) => name === values.level);
  if (level === undefined) throw new Failure(usage);
  // Whoever reads it, such as head, may have read enough.
  process.stdout.on('error', () => process.exit(0));
  const { stateDir } = readConfig(process.env);
  for await (const line of readLogs(stateDir, { isFollowing: values['no-follow'] !== true })) {
    if (isAtLeast(line, level)) process.stdout.write(`${formatLine(line, process.stdout)}\n`);
  }
});
