/** How the projector connects, always with its own role: to write one read model, and to read journal and vault. */
import type pg from 'pg';
import { keepAlive, keepAliveOptions } from '../../ledger/src/postgres-liveness.ts';
import { applicationNames } from '../../ledger/src/postgres-names.ts';

/** The read model in use, and the one a rebuild makes beside it. */
export type ReadModelSchema = 'read' | 'read_next';

/**
 * A statement of a projector's writes or reads one batch: whoever gives no answer for so long is taken for gone, and a
 * new connection is made. Judgements: a batch takes well under a second, save on a disk that is at its end.
 */
const limits = {
  ...{ statement_timeout: 28_000, query_timeout: 30_000 },
  // A projector that vanished in the middle of a batch would else keep its locks until the probes end its connection.
  idle_in_transaction_session_timeout: 10_000,
};

const shared = (databaseUrl: string) => ({
  connectionString: databaseUrl,
  application_name: applicationNames.projector,
  connectionTimeoutMillis: 5000,
  ...keepAlive,
  ...limits,
});
const role = `-c role=grandlivre_projector ${keepAliveOptions}`;

export function projectorConnection(databaseUrl: string, schema: ReadModelSchema): pg.ClientConfig {
  const settings = [
    `-c search_path=${schema}`,
    // What a crash of the database takes back of the read model, checkpoint and all, the journal gives again.
    '-c synchronous_commit=off',
    // A batch is looked up row by row however large it is, never by reading a million accounts.
    '-c plan_cache_mode=force_generic_plan',
  ];
  return { ...shared(databaseUrl), options: [role, ...settings].join(' '), pipeline: true };
}

/** One connection listens, one reads ahead, the others decrypt profiles. */
export const readersConnection = (databaseUrl: string): pg.PoolConfig => ({
  ...shared(databaseUrl),
  options: role,
  max: 5,
});
