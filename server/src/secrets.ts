/** The secrets that are kept outside the database: without them a copy of it tells nothing about people or PINs. */
import type { KeyObject } from 'node:crypto';
import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { openSecret } from '../../ledger/src/vault/check-values.ts';
import type { MasterKeys } from '../../ledger/src/vault/master-keys.ts';
import { generationsIn, masterKeyFiles } from '../../ledger/src/vault/master-keys.ts';
import { serverConnection } from './connections.ts';

export type Secrets = {
  /** Wrap every customer's own key. */
  readonly masterKeys: MasterKeys;
  /** Goes into every PIN verifier. */
  readonly pinKey: Buffer;
  /** Keys the hashes of requests' bodies. */
  readonly requestKey: Buffer;
  /** Shows of every event of the journal that the bank wrote it. */
  readonly macKey: KeyObject;
};

/** What shows that a secret was used, where the database has no check value of it yet. */
const uses = {
  master: `exists (select from vault.customer_keys where generation = $1)
    or exists (select from access.staff where totp_generation = $1)`,
  pin: 'exists (select from access.pins)',
  request: `exists (select from journal.identity where first_event is not null)
    or exists (select from journal.events) or exists (select from read.checkpoint where position > 0)`,
  journal: `exists (select from (select metadata from journal.events order by position desc limit 1) last
    where metadata like '%"mac":%')`,
} as const;

/**
 * Reads them from `$STATE_DIR/secrets`, making those that the database does not need yet. Throws a `Failure` for one that
 * is missing, or is not the one that the database was used with. `databaseUrl` is the server's.
 */
export async function loadSecrets(stateDir: string, databaseUrl: string): Promise<Secrets> {
  const client = new pg.Client(serverConnection(databaseUrl, 'command'));
  await client.connect();
  const isUsed = async (use: string, values: readonly number[] = []): Promise<boolean> => {
    const { rows } = await client.query<{ used: boolean }>(`select ${use} as used`, [...values]);
    return rows[0]?.used === true;
  };
  const open = (name: string, use: string): Promise<Buffer> =>
    openSecret(client, { path: join(stateDir, 'secrets', name), isNeeded: () => isUsed(use) });
  try {
    const masterKeys = masterKeyFiles(stateDir);
    for (const generation of await generationsIn(client)) {
      const path = masterKeys.pathOf(generation);
      await openSecret(client, { path, isNeeded: () => isUsed(uses.master, [generation]) });
    }
    const pinKey = await open('pin.key', uses.pin);
    const requestKey = await open('request.key', uses.request);
    return { masterKeys, pinKey, requestKey, macKey: createSecretKey(await open('journal.key', uses.journal)) };
  } finally {
    await client.end();
  }
}
