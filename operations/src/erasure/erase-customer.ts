/** Erases a customer: the journal says so, the key to the personal data is destroyed, and every event, balance and proof stays. */
import pg from 'pg';
import type { CivilTime } from '../../../ledger/src/civil-time.ts';
import { isCustomerAccount } from '../../../ledger/src/domain/account.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { BankWithProjector } from '../open-bank-with-projector.ts';
import type { CustomersAccount } from './retention.ts';
import { describe, obstacles } from './retention.ts';

const longestReason = 500;

/** Customers are numbered by the rule for accounts. */
export const isErasure = ({ customer, reason }: { readonly customer: string; readonly reason: string }): boolean =>
  isCustomerAccount(customer) && reason !== '' && reason.length <= longestReason;

export type Erased = {
  /** Where the journal says it. */
  readonly position: number;
  /** There was nothing left to destroy. */
  readonly wasErasedBefore: boolean;
};

type Erasure = {
  readonly customer: string;
  readonly reason: string;
  /** Whether open accounts, money and the retention period are set aside; the journal then says so. */
  readonly force: boolean;
  readonly retentionDays: number;
  readonly civil: CivilTime;
};

/**
 * Cut short, the same again goes on where it was. Throws a `Failure`, and nothing is changed, when there is no such
 * customer or something keeps them from being erased.
 */
export async function eraseCustomer(
  erasure: Erasure,
  { bank, shown }: Pick<BankWithProjector, 'bank' | 'shown'>,
  owner: pg.Client,
): Promise<Erased> {
  const { customer, reason } = erasure;
  const commandId = `erase:${customer}`;
  const isRecorded = (await bank.bookkeeper.findRecorded([commandId])).has(commandId);
  const forced = !isRecorded && (await isForced(erasure, { bank, shown }, owner));
  // The journal first: what it says is done, whatever becomes of this process.
  const outcome = await bank.bookkeeper.submit({
    command: { type: 'EraseCustomer', customer, reason, ...(forced && { forced }) },
    commandId,
    requestHash: 'erase',
    actor: 'command:erase-customer',
    terminal: 'none',
    correlationId: commandId,
  });
  if (!outcome.accepted) {
    if (outcome.rejection.code === 'customer_not_found') {
      throw new Failure(`The bank has no customer ${customer}: nothing was changed.`);
    }
    throw new Failure(`The customer is not erased (${outcome.rejection.code}): run the command again.`);
  }
  await shown();
  const keyIds = await keysOf(owner, customer);
  for (const keyId of keyIds) await bank.vault.destroy(keyId);
  if ((await keysOf(owner, customer)).length > 0) {
    throw new Error(`customer ${customer} is still there after the key was destroyed`);
  }
  return { position: outcome.position, wasErasedBefore: keyIds.length === 0 };
}

/** Whether it takes force; throws a `Failure` when it does and there is none. */
async function isForced(
  { customer, force, retentionDays, civil }: Erasure,
  { bank, shown }: Pick<BankWithProjector, 'bank' | 'shown'>,
  owner: pg.Client,
): Promise<boolean> {
  await shown();
  const accounts = await accountsOf(customer, { bank, owner, civil });
  const found = obstacles(accounts, { retentionDays, today: civil.dayOf(bank.clock.nowMs()) });
  if (found.length > 0 && !force) {
    throw new Failure(
      [
        `Customer ${customer} cannot be erased yet: nothing was changed.`,
        ...found.map((obstacle) => describe(obstacle, civil.timeZone)),
        'Close what is open and wait, or say --force: the journal holds that, with the reason.',
      ].join('\n'),
    );
  }
  return found.length > 0;
}

/** Which accounts they are says the read model, which has caught up; what became of them, the book and the journal. */
async function accountsOf(
  customer: string,
  {
    bank,
    owner,
    civil,
  }: { readonly bank: BankWithProjector['bank']; readonly owner: pg.Client; readonly civil: CivilTime },
): Promise<readonly CustomersAccount[]> {
  const { rows } = await owner.query<{ account: string }>(
    'select account from read.accounts where customer = $1 order by number',
    [customer],
  );
  return Promise.all(
    rows.map(async ({ account }) => {
      const state = bank.bookkeeper.account(account);
      if (state === undefined) throw new Error(`account ${account} is in the read model and not in the book`);
      return { ...state, closedOn: state.status === 'closed' ? await closingDay(account, bank, civil) : undefined };
    }),
  );
}

async function closingDay(account: string, bank: BankWithProjector['bank'], civil: CivilTime): Promise<string> {
  const positions = await bank.readModel.eventPositionsWithoutPosting(account, bank.bookkeeper.head);
  const events = (await bank.auditJournal.readAt(positions)).map(decode);
  const closing = events.findLast(({ event }) => event.type === 'AccountClosed');
  if (closing === undefined) throw new Error(`nothing in the read model leads to the closing of account ${account}`);
  return civil.dayOf(Date.parse(closing.metadata.recordedAt));
}

async function keysOf(owner: pg.Client, customer: string): Promise<readonly string[]> {
  const { rows } = await owner.query<{ key_id: string }>('select key_id from read.customers where customer = $1', [
    customer,
  ]);
  return rows.map((row) => row.key_id);
}

/**
 * Deleted rows leave their bytes in the tables' files until these are written anew. Readers wait meanwhile: about a
 * second for a million customers. Throws a `Failure` when others held the tables for too long.
 */
export async function rewriteTables(databaseUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: databaseUrl, options: '-c lock_timeout=20s' });
  try {
    await owner.connect();
    for (const table of ['read.customers', 'vault.customer_keys']) await owner.query(`vacuum (full) ${table}`);
  } catch {
    throw new Failure(
      'The tables’ files could not be written anew: others held them for too long. Run the same again.',
    );
  } finally {
    await owner.end().catch(() => undefined);
  }
}
