/** Fills a journal with open accounts, written by COPY as the bookkeeper would have written them. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { encode, schemaVersion } from '../ledger/src/domain/codec.ts';
import type { LedgerEvent } from '../ledger/src/domain/events.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import { postgresJournal } from '../ledger/src/journal/postgres-journal.ts';
import { copyJournal } from '../operations/src/journal-copy/copy-journal.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import type { BankConfig } from './bank.ts';
import { serverPool } from './databases.ts';
import { copyRow, copyRows } from './copy.ts';
import { floorMinor } from './transfers.ts';

/** Accounts 1 to `accounts`, all of one customer whose key was destroyed. Gives the journal's head. */
export async function seedAccounts({ databaseUrl, stateDir }: BankConfig, accounts: number): Promise<number> {
  // Made while nothing needs them: a bank that has events makes none.
  await loadSecrets(stateDir, databaseUrl);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await copyRows(client, 1, opened(accounts));
  await client.query('analyze journal.events');
  await client.end();
  return accounts + 1;
}

/** The same journal in EventStoreDB or KurrentDB. Gives the configuration of a bank with its journal there. */
export async function seedEventLog(from: BankConfig, databaseUrl: string, eventLogUrl: string): Promise<BankConfig> {
  const eventLog = { eventLogUrl, ledger: randomUUID() };
  const pool = serverPool(from.databaseUrl, 2);
  const [source, target] = [postgresJournal({ pool }), openJournal(eventLog, pool)];
  await copyJournal(source, target, () => undefined);
  await target.close();
  await pool.end();
  return { databaseUrl, stateDir: from.stateDir, eventLog };
}

function* opened(accounts: number): Generator<string> {
  const row = (event: LedgerEvent): string =>
    copyRow(
      encode(randomUUID(), event, {
        commandId: `import:${randomUUID()}`,
        requestHash: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ',
        actor: 'import:accounts.csv:1',
        terminal: 'import',
        recordedAt: '2026-01-01T00:00:00.000Z',
        valueDate: '2026-01-01',
        correlationId: randomUUID(),
        schemaVersion,
      }),
    );
  yield row({ type: 'CustomerRegistered', customer: '1', keyId: randomUUID(), profile: 'destroyed' });
  for (let account = 1; account <= accounts; account++) {
    yield row({
      type: 'AccountOpened',
      account: String(account),
      customer: '1',
      accountType: 'current',
      currency: 'EUR',
      floor: floorMinor,
    });
  }
}
