/** What the figures were measured on: without it they mean nothing. */
import { cpus, totalmem, type } from 'node:os';
import pg from 'pg';

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  readonly fsync: string;
  readonly synchronousCommit: string;
};

export async function machine(serverUrl: string): Promise<Machine> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  const setting = async (name: string): Promise<string> => {
    const { rows } = await client.query<{ setting: string }>('select current_setting($1) as setting', [name]);
    return rows[0]?.setting ?? '';
  };
  const found = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.version,
    postgres: await setting('server_version'),
    fsync: await setting('fsync'),
    synchronousCommit: await setting('synchronous_commit'),
  };
  await client.end();
  return found;
}

export const describe = ({ cpu, cores, memoryGb, system, node, postgres, fsync, synchronousCommit }: Machine): string =>
  `${String(cores)} cores (${cpu}), ${String(memoryGb)} GB, ${system}, Node ${node}, ` +
  `PostgreSQL ${postgres}, fsync ${fsync}, synchronous_commit ${synchronousCommit}`;
