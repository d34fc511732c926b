/** Writes a batch's rows and the checkpoint in one transaction: all of it or nothing, and never twice. */
import type pg from 'pg';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import { textColumn } from './columns.ts';
import type { Batch, ReadyRows } from './statements.ts';

/**
 * Gives false, having done nothing, when the checkpoint is not where the batch begins.
 * Table names are without a schema: the connection's `search_path` says which read model is written, the one in use
 * or the one a rebuild makes beside it. Throws `BrokenHistory` where the journal does not go on from what is there.
 *
 * On a connection in pipeline mode the statements go out together: the database never waits while this process projects
 * the next batch.
 */
export async function applyBatch(client: pg.ClientBase, { rows, statements }: Batch): Promise<boolean> {
  await client.query('begin');
  try {
    const [moved, , ...written] = await Promise.allSettled([
      // First of all: whoever has the checkpoint's row lock has the whole read model to itself.
      client.query({
        name: 'move_checkpoint',
        text: `update checkpoint set position = $2, updated_at = now(), halted = null,
                 unreadable_position = null, unreadable_reason = null where position = $1`,
        values: [rows.after, rows.position],
      }),
      client.query('notify read_model'),
      ...statements.map(({ name, text, values }) => client.query({ name, text, values })),
    ]);
    if (outcome(moved).rowCount === 0) {
      await client.query('rollback');
      return false;
    }
    for (const [index, { count, leavesThere }] of statements.entries()) {
      const result = written[index];
      if (result !== undefined && outcome(result).rowCount !== count && leavesThere !== true) {
        await client.query('rollback');
        throw new BrokenHistory(await contradiction(client, rows));
      }
    }
    await client.query('commit');
    return true;
  } catch (error) {
    // A connection that broke has taken its transaction with it.
    await client.query('rollback').catch(() => undefined);
    throw isDuplicate(error) ? new BrokenHistory(`after position ${String(rows.after)}: ${error.detail}`) : error;
  }
}

function outcome(result: PromiseSettledResult<pg.QueryResult>): pg.QueryResult {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** A row that is there already: an account opened twice, a posting booked before. */
const isDuplicate = (error: unknown): error is Error & { detail: string } =>
  error instanceof Error && 'code' in error && error.code === '23505' && 'detail' in error;

/** Says which account the journal and the read model disagree on, once the batch is rolled back. */
async function contradiction(client: pg.ClientBase, { after, balances, ...rows }: ReadyRows): Promise<string> {
  const touched = [...balances.map(({ account }) => account), ...rows.statuses.keys(), ...rows.locks.keys()];
  const opened = new Set(rows.accounts.map(({ account }) => account));
  const { rows: balancesInUse } = await client.query<{ account: string; version: string; balance: string }>(
    'select account, version, balance from balances where account = any ($1::text[])',
    [textColumn(touched)],
  );
  const known = new Map(balancesInUse.map((row) => [row.account, row]));
  const where = `after position ${String(after)}`;
  for (const { account, before } of balances) {
    const { version, balance } = known.get(account) ?? { version: '0', balance: '0' };
    if (version !== String(before.version)) {
      return `${where}: account ${account} is at posting ${version}, but the journal goes on from ${String(before.version)}`;
    }
    if (balance !== String(before.balance)) {
      return `${where}: account ${account} has another balance than the journal goes on from`;
    }
  }
  const unknown = touched.find((account) => !known.has(account) && !opened.has(account));
  return `${where}: account ${unknown ?? '?'} was never opened`;
}
