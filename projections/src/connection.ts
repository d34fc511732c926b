/** How the projector connects: with its own role, to one read model, for large writes one after the other. */
import type pg from 'pg';

/** The read model in use, and the one a rebuild makes beside it. */
export type ReadModelSchema = 'read' | 'read_next';

const connectWithinMs = 5000;

export function projectorConnection(databaseUrl: string, schema: ReadModelSchema): pg.ClientConfig {
  const settings = [
    'role=grandlivre_projector',
    `search_path=${schema}`,
    // What a crash of the database takes back of the read model, checkpoint and all, the journal gives again.
    'synchronous_commit=off',
    // A batch is looked up row by row however large it is, never by reading a million accounts.
    'plan_cache_mode=force_generic_plan',
  ];
  return {
    connectionString: databaseUrl,
    application_name: 'grandlivre-projector',
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    pipeline: true,
  };
}
