/** Opens one side of a copy: the journal at an address, with the database it needs. */
import pg from 'pg';
import { Failure } from '../../../ledger/src/failure.ts';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { eventLogUrlSetting } from '../../../ledger/src/journal/event-log.ts';
import { rebindJournal } from '../../../ledger/src/journal/journal-identity.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import type { Config } from '../../../server/src/config.ts';
import { openDatabase } from '../database.ts';
import { assertReachable } from '../../../ledger/src/journal/reach-journal.ts';

export type Side = {
  readonly journal: Journal;
  /** As a bank would be configured that keeps its journal there. */
  readonly eventLog: EventLog;
  /** The owner's address of the database that holds the journal. */
  readonly databaseUrl: string | undefined;
  readonly close: () => Promise<void>;
};

/** The bank's own PostgreSQL. */
const ownAddress = 'own';

/** `option` is what the person gave the address with. Throws a `Failure`. */
export async function openSide(
  address: string,
  {
    option,
    ledger,
    ...own
  }: { readonly option: string; readonly ledger: string } & Pick<Config, 'stateDir' | 'walArchive'>,
): Promise<Side> {
  const isPostgres = address === ownAddress || /^postgres(ql)?:\/\//.test(address);
  const url = eventLogUrlSetting.optional().safeParse(isPostgres ? undefined : address);
  if (!url.success)
    throw new Failure(`${option} cannot be used as it is: ${url.error.issues[0]?.message ?? 'no address'}`);
  const databaseUrl = address === ownAddress ? undefined : address;
  const database = isPostgres ? await openDatabase({ ...own, databaseUrl }) : undefined;
  const pool = new pg.Pool({ connectionString: database?.url ?? '', options: '-c role=grandlivre_server', max: 2 });
  // A connection lost while nobody used it: the next use makes a new one.
  pool.on('error', () => undefined);
  const eventLog = { eventLogUrl: url.data, ledger };
  const journal = openJournal(eventLog, pool);
  const close = async (): Promise<void> => {
    await journal.close();
    await pool.end();
    await database?.release();
  };
  await assertReachable(journal, option).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { journal, eventLog, databaseUrl: database?.url, close };
}

/** The database of the bank, or the one that holds the target itself, remembers the target as its journal. */
export async function moveBank(
  config: Parameters<typeof openDatabase>[0],
  { journal, eventLog, databaseUrl }: Side,
): Promise<void> {
  const database = await openDatabase({ ...config, databaseUrl: databaseUrl ?? config.databaseUrl });
  const owner = new pg.Client({ connectionString: database.url });
  try {
    await owner.connect();
    await rebindJournal({ pool: owner, journal, eventLog });
  } finally {
    await owner.end();
    await database.release();
  }
}
