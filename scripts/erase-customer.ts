/** `npm run erase-customer`: makes a person unreadable for ever, and leaves every event, balance and proof as it is. */
import pg from 'pg';
import { civilTime } from '../ledger/src/civil-time.ts';
import { Failure } from '../ledger/src/failure.ts';
import { openDatabase } from '../operations/src/database.ts';
import { eraseCustomer, isErasure, rewriteTables } from '../operations/src/erasure/erase-customer.ts';
import { readRetentionDays } from '../operations/src/erasure/retention-setting.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { openBankWithProjector } from '../operations/src/open-bank-with-projector.ts';
import { readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { command, readArguments } from './command.ts';

const usage =
  'Usage: npm run erase-customer -- CUSTOMER --reason "…" [--force]\nThe console shows the customer’s number beside the account.';

function readErasure(): { readonly customer: string; readonly reason: string; readonly force: boolean } {
  const options = {
    allowPositionals: true,
    options: { reason: { type: 'string' }, force: { type: 'boolean', default: false } },
  } as const;
  const { values, positionals } = readArguments(usage, options);
  const [customer = '', ...more] = positionals;
  const erasure = { customer, reason: values.reason?.trim() ?? '', force: values.force };
  if (more.length > 0 || !isErasure(erasure)) throw new Failure(usage);
  return erasure;
}

command(async () => {
  const erasure = readErasure();
  const config = readConfig(process.env);
  const rules = { retentionDays: readRetentionDays(process.env), civil: civilTime(config.timeZone) };
  const { url, release } = await openDatabase(config);
  const owner = new pg.Client({ connectionString: url });
  try {
    await owner.connect();
    const logIns = await ensureLogIns(url, config);
    const secrets = await loadSecrets(config.stateDir, logIns.server);
    const opened = await openBankWithProjector({ ...config, logIns, secrets });
    try {
      const { position, wasErasedBefore } = await eraseCustomer({ ...erasure, ...rules }, opened, owner);
      console.log(
        wasErasedBefore
          ? `Customer ${erasure.customer} was erased before.`
          : `Customer ${erasure.customer} is erased, at position ${String(position)} of the journal. Accounts, balances and entries stay.`,
      );
    } finally {
      await opened.close();
    }
    await rewriteTables(url);
    console.log('What older backups and PostgreSQL’s own log still hold: docs/decisions/personal-data.md.');
  } finally {
    await owner.end();
    await release();
  }
});
