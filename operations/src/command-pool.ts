/** The connections of a command that reads or changes what the servers do, with no more rights than they have. */
import pg from 'pg';
import { serverConnection } from '../../server/src/connections.ts';
import type { LogIns } from './log-in-roles.ts';

export function commandPool({ server }: Pick<LogIns, 'server'>): pg.Pool {
  const pool = new pg.Pool({ ...serverConnection(server, 'command'), max: 2 });
  // A connection lost while nobody used it: the next use makes a new one.
  pool.on('error', () => undefined);
  return pool;
}
