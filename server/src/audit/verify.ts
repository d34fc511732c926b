/** Verifies the whole bank: replays the journal, and compares every entry, balance, status and key of the read model with it. */
import type pg from 'pg';
import type { AccountStatus } from '../../../ledger/src/domain/account.ts';
import { BrokenHistory } from '../../../ledger/src/domain/account.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { EntryRow, Rows } from '../../../projections/src/project.ts';
import { project } from '../../../projections/src/project.ts';
import { compareKeys } from './compare-keys.ts';
import type { Difference } from './difference.ts';

export type Verified = {
  readonly accounts: number;
  readonly entries: number;
  readonly total: bigint;
  readonly differences: readonly Difference[];
};

type AccountSummary = { version: number; balance: bigint; status: AccountStatus };

const batchSize = 2_000;
/** Enough to see what is wrong; the count of a broken bank helps nobody. */
const mostDifferences = 500;

/**
 * `client` shows one moment of the read model: a transaction of its own at `repeatable read`, its checkpoint at
 * `position`. Told after each batch how far it is. Memory: one small record an account.
 */
export async function verifyBank(
  { journal, client }: { readonly journal: Journal; readonly client: pg.ClientBase },
  position: number,
  onProgress: (verified: number) => Promise<void> | void,
): Promise<Verified> {
  const summaries = new Map<string, AccountSummary>();
  const differences: Difference[] = [];
  const differ = (difference: Difference): void => {
    if (differences.length < mostDifferences) differences.push(difference);
  };
  const keys = compareKeys(client, differ);
  let entries = 0;
  for (let at = 1; at <= position;) {
    const stored = await journal.read({ from: at, limit: Math.min(batchSize, position - at + 1) });
    if (stored.length === 0) {
      differ({
        what: 'journal',
        journal: `ends before position ${String(at)}`,
        readModel: `is at ${String(position)}`,
      });
      break;
    }
    let rows: Rows;
    try {
      rows = project(stored.map(decode));
      follow(summaries, rows);
    } catch (error) {
      if (!(error instanceof BrokenHistory)) throw error;
      // What follows a broken event proves nothing.
      differ({ what: 'journal', journal: error.message });
      break;
    }
    entries += rows.entries.length;
    await compareEntries(client, rows.entries, differ);
    await keys.compare(rows.keys);
    at += stored.length;
    await onProgress(at - 1);
  }
  await compareAccounts(client, summaries, differ);
  await findSurplus(client, summaries, differ);
  await keys.findSurplus();
  let total = 0n;
  for (const { balance } of summaries.values()) total += balance;
  return { accounts: summaries.size, entries, total, differences };
}

/** Throws `BrokenHistory` where an account does not go on from its last state. */
function follow(summaries: Map<string, AccountSummary>, { accounts, balances, statuses }: Rows): void {
  for (const { account } of accounts) summaries.set(account, { version: 0, balance: 0n, status: 'open' });
  for (const { account, before, version, balance } of balances) {
    const known = summaries.get(account);
    if (known === undefined) throw new BrokenHistory(`a posting on account ${account}, which was never opened`);
    if (known.version !== before.version || known.balance !== before.balance) {
      throw new BrokenHistory(
        `account ${account} is at posting ${String(known.version)}, but the journal goes on from ${String(before.version)}`,
      );
    }
    known.version = version;
    known.balance = balance;
  }
  for (const [account, status] of statuses) {
    const known = summaries.get(account);
    if (known !== undefined) known.status = status;
  }
}

type StoredEntry = {
  account: string;
  version: string;
  position: string;
  posting: number;
  type: string;
  recorded_at: Date;
  value_date: string;
  amount: string;
  balance: string;
  counterparty: string | null;
  label: string | null;
  reference: string | null;
};

const keyOf = (account: string, version: string | number): string => `${account}/${String(version)}`;

async function compareEntries(
  client: pg.ClientBase,
  expected: readonly EntryRow[],
  differ: (difference: Difference) => void,
): Promise<void> {
  if (expected.length === 0) return;
  const { rows } = await client.query<StoredEntry>({
    name: 'verify_entries',
    text: `select e.account, e.version, position, posting, type, recorded_at, value_date::text, amount, balance,
                  counterparty, label, reference
           from unnest($1::text[], $2::bigint[]) as wanted (account, version)
             join read.entries e on e.account = wanted.account collate "C" and e.version = wanted.version`,
    values: [expected.map(({ account }) => account), expected.map(({ version }) => version)],
  });
  const found = new Map(rows.map((row) => [keyOf(row.account, row.version), row]));
  for (const entry of expected) {
    const { account, position, posting } = entry;
    const row = found.get(keyOf(account, entry.version));
    const [journal, readModel] = [textOf(entry), row && textOfStored(row)];
    if (journal === readModel) continue;
    const entryId = `${String(position)}.${String(posting)}`;
    differ({ what: 'entry', account, entryId, journal, ...(readModel !== undefined && { readModel }) });
  }
}

/** An entry in one line, the same from either side. */
const textOf = (entry: EntryRow): string =>
  [
    ...[entry.type, entry.amount, entry.balanceAfter, entry.valueDate, entry.recordedAt],
    ...[`${String(entry.position)}.${String(entry.posting)}`, entry.counterparty, entry.label, entry.reference],
  ]
    .map((field) => String(field ?? ''))
    .join(' · ');
const textOfStored = (row: StoredEntry): string =>
  [
    ...[row.type, row.amount, row.balance, row.value_date, row.recorded_at.toISOString()],
    ...[`${row.position}.${String(row.posting)}`, row.counterparty, row.label, row.reference],
  ]
    .map((field) => field ?? '')
    .join(' · ');

async function compareAccounts(
  client: pg.ClientBase,
  summaries: ReadonlyMap<string, AccountSummary>,
  differ: (difference: Difference) => void,
): Promise<void> {
  const seen = new Set<string>();
  for (let after = ''; ;) {
    const { rows } = await client.query<{ account: string; status: string; version: string; balance: string }>(
      `select account, a.status, b.version, b.balance from read.accounts a left join read.balances b using (account)
       where account > $1 order by account limit 5000`,
      [after],
    );
    for (const { account, status, version, balance } of rows) {
      seen.add(account);
      const known = summaries.get(account);
      const compare = (what: Difference['what'], journal: string | undefined, readModel: string): void => {
        if (journal !== readModel) differ({ what, account, ...(journal !== undefined && { journal }), readModel });
      };
      compare('balance', known && String(known.balance), balance);
      compare('version', known && String(known.version), version);
      compare('status', known?.status, status);
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.account;
  }
  for (const [account, { balance }] of summaries) {
    if (!seen.has(account)) differ({ what: 'balance', account, journal: String(balance) });
  }
}

/** Entries that the read model has and the journal has not: they come beyond an account's last posting. */
async function findSurplus(
  client: pg.ClientBase,
  summaries: ReadonlyMap<string, AccountSummary>,
  differ: (difference: Difference) => void,
): Promise<void> {
  const { rows } = await client.query<{ account: string; version: string; count: string }>(
    'select account, max(version) as version, count(*) as count from read.entries group by account',
  );
  for (const { account, version, count } of rows) {
    const expected = String(summaries.get(account)?.version ?? 0);
    if (version === expected && count === expected) continue;
    differ({ what: 'entry', account, journal: `${expected} entries`, readModel: `${count} entries, up to ${version}` });
  }
}
