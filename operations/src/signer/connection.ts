/** How the signer connects, always with its own role: to read the journal and to write the log. */
import type pg from 'pg';
import { keepAlive, keepAliveOptions } from '../../../ledger/src/postgres-liveness.ts';
import { applicationNames } from '../../../ledger/src/postgres-names.ts';

/** The longest statement writes the tiles of a turn. */
const statementMs = 30_000;

export const signerConnection = (databaseUrl: string): pg.ClientConfig => ({
  connectionString: databaseUrl,
  application_name: applicationNames.signer,
  connectionTimeoutMillis: 5_000,
  statement_timeout: statementMs,
  query_timeout: statementMs + 2_000,
  ...keepAlive,
  options: `-c role=grandlivre_signer ${keepAliveOptions}`,
});

/** For the journal: one connection listens, one reads. */
export const journalConnection = (databaseUrl: string): pg.PoolConfig => ({ ...signerConnection(databaseUrl), max: 3 });
