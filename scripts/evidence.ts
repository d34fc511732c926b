/** `npm run evidence`: the proofs of one account's events over some days, for a dispute. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { civilTime } from '../ledger/src/civil-time.ts';
import { Failure } from '../ledger/src/failure.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import { readPolicy } from '../ledger/src/transparency/policy-file.ts';
import { commandPool } from '../operations/src/command-pool.ts';
import { openDatabase } from '../operations/src/database.ts';
import { rangeOf } from '../operations/src/evidence/range.ts';
import { writeEvidence } from '../operations/src/evidence/write-evidence.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { readKeyOf } from '../operations/src/signer/settings.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run evidence -- --account N --from DATE --to DATE [--out DIR]
  --from, --to  the bank's civil days, the last included, such as 2026-11-30: what was recorded in them
  --out         a new folder; without it evidence-N-FROM-TO`;

const day = { type: 'string' } as const;

command(async () => {
  const { values } = readArguments(usage, { options: { account: day, from: day, to: day, out: day } });
  const { account, from, to } = values;
  if (account === undefined || from === undefined || to === undefined) throw new Failure(usage);
  if (!/^\d{1,18}$/.test(account)) throw new Failure(`--account is "${account}", but must be an account's number.`);
  const config = readConfig(process.env);
  const range = rangeOf(civilTime(config.timeZone), from, to);
  const out = values.out ?? `evidence-${account}-${from}-${to}`;
  const policyFile = config.logPolicy ?? join(config.stateDir, 'log-policy');
  const policy = readPolicy({ policyFile: config.logPolicy, stateDir: config.stateDir });
  const mayRead =
    process.env['LOG_SIGNING_KEY'] !== undefined || existsSync(join(config.stateDir, 'secrets', 'log-signing.key'));
  const key = mayRead ? await readKeyOf(process.env, config) : undefined;
  const { url, release } = await openDatabase(config);
  const pool = commandPool(await ensureLogIns(url, config));
  const journal = openJournal(config.eventLog, pool);
  const progress = progressDisplay(process.stdout);
  try {
    const { eventCount, size, isSigned } = await writeEvidence({
      ...{ pool, journal, account, range, out, key, onProgress: progress.show },
      policy: policy && readFileSync(policyFile, 'utf8'),
    });
    progress.end();
    const signed = isSigned ? 'The manifest is signed.' : "The manifest is not signed: the log's key is not here.";
    console.log(`${out} proves ${String(eventCount)} events, up to the checkpoint of ${String(size)}. ${signed}`);
  } finally {
    progress.end();
    await journal.close();
    await pool.end();
    await release();
  }
});
