/** `npm run signing`: after a restore or for a new key, how the transparency log goes on. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { Failure } from '../ledger/src/failure.ts';
import { openDatabase } from '../operations/src/database.ts';
import { beginLog, continueLog } from '../operations/src/signer/restart-log.ts';
import { readKeyOf, signedFileOf } from '../operations/src/signer/settings.ts';
import { forgetLog } from '../server/src/audit/outside-log.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run signing -- continue --from CHECKPOINT
       npm run signing -- new-log
  continue  the log goes on; the file has the last checkpoint that was published: a witness or publish-log's folder has it
  new-log   the log ends, and one under another name (LOG_ORIGIN) begins with the next start`;

async function goOn(from: string | undefined): Promise<void> {
  if (from === undefined) throw new Failure(usage);
  const config = readConfig(process.env);
  let note: string;
  try {
    note = readFileSync(from, 'utf8');
  } catch {
    throw new Failure(`The file ${from} cannot be read.`);
  }
  const size = await continueLog(await readKeyOf(process.env, config), signedFileOf(config), note);
  console.log(`The signer continues from ${String(size)} events. Start the bank anew.`);
}

async function beginAnew(): Promise<void> {
  const config = readConfig(process.env);
  const key = await readKeyOf(process.env, config);
  const { url, release } = await openDatabase(config);
  const owner = new pg.Client({ connectionString: url });
  try {
    await owner.connect();
    const old = await beginLog(owner, key, signedFileOf(config));
    await forgetLog(config.stateDir);
    const ended = old === undefined ? '' : `The log ${old.origin} has ended at ${String(old.size)} events. `;
    console.log(
      `${ended}${key.name} begins with the bank's next start. Tell the witnesses its key, and whoever checks receipts.`,
    );
  } finally {
    await owner.end();
    await release();
  }
}

command(async () => {
  const { values, positionals } = readArguments(usage, {
    allowPositionals: true,
    options: { from: { type: 'string' } },
  });
  if (positionals.length !== 1) throw new Failure(usage);
  if (positionals[0] === 'continue') return goOn(values.from);
  if (positionals[0] === 'new-log' && values.from === undefined) return beginAnew();
  throw new Failure(usage);
});
