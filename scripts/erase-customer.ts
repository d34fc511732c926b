/** `npm run erase-customer`: makes a person unreadable for ever, and leaves every event, balance and proof as it is. */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { openDatabase } from './database.ts';
import { endWith, Failure } from './failure.ts';
import { openBooks } from './open-books.ts';

const usage =
  'Usage: npm run erase-customer -- CUSTOMER --reason "…"\nThe console shows the customer’s number beside the account.';

function readArguments(): { readonly customer: string; readonly reason: string } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { reason: { type: 'string' } } });
    const [customer = '', ...more] = positionals;
    const reason = values.reason?.trim() ?? '';
    if (/^[1-9]\d{0,14}$/.test(customer) && more.length === 0 && reason !== '' && reason.length <= 500) {
      return { customer, reason };
    }
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  throw new Failure(usage);
}

/**
 * Deleted rows leave their bytes in the tables' files until these are written anew. Readers wait meanwhile: about a
 * second for a million customers.
 */
async function wipe(databaseUrl: string): Promise<boolean> {
  const owner = new pg.Client({ connectionString: databaseUrl, options: '-c lock_timeout=20s' });
  try {
    await owner.connect();
    for (const table of ['read.customers', 'vault.customer_keys']) await owner.query(`vacuum (full) ${table}`);
    return true;
  } catch {
    return false;
  } finally {
    await owner.end().catch(() => undefined);
  }
}

async function main(): Promise<void> {
  const { customer, reason } = readArguments();
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const opened = await openBooks({
      ...config,
      databaseUrl: url,
      secrets: await loadSecrets(config.stateDir),
    });
    try {
      // The journal first: should this end here, the same command again goes on where it was.
      const outcome = await opened.books.bookkeeper.submit({
        command: { type: 'EraseCustomer', customer, reason },
        commandId: `erase:${customer}`,
        requestHash: 'erase',
        actor: 'command:erase-customer',
        terminal: 'none',
        correlationId: `erase:${customer}`,
      });
      if (!outcome.accepted) throw new Failure(`The bank has no customer ${customer}: nothing was changed.`);
      await opened.shown();
      const { rows } = await client.query<{ key_id: string }>('select key_id from read.customers where customer = $1', [
        customer,
      ]);
      for (const { key_id: keyId } of rows) await opened.books.vault.destroy(keyId);
      const { rows: left } = await client.query('select 1 from read.customers where customer = $1', [customer]);
      if (left.length > 0) throw new Error(`customer ${customer} is still there after the key was destroyed`);
      console.log(
        rows.length === 0
          ? `Customer ${customer} was erased before.`
          : `Customer ${customer} is erased, at position ${String(outcome.position)} of the journal. Accounts, balances and entries stay.`,
      );
    } finally {
      await opened.close();
    }
    if (!(await wipe(url))) {
      throw new Failure(
        'The tables’ files could not be written anew: others held them for too long. Run the same again.',
      );
    }
    console.log('What older backups and PostgreSQL’s own log still hold: docs/decisions/personal-data.md.');
  } finally {
    await client.end();
    await release();
  }
}

main().catch((error: unknown) => endWith(error instanceof ConfigError ? new Failure(error.message) : error));
