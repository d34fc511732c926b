/** Before a restored bank opens: its read model is brought to the journal's head and compared with the whole journal. */
import { Failure } from '../../../ledger/src/failure.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { assertReachable } from '../../../ledger/src/journal/reach-journal.ts';
import { progress } from '../../../projections/src/queries/progress.ts';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { readPublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import { postgresVault } from '../../../ledger/src/vault/vault.ts';
import { nothingKnownOutside } from '../../../server/src/audit/outside-log.ts';
import { verifyBank } from '../../../server/src/audit/verify.ts';
import type { Config } from '../../../server/src/config.ts';
import type { Secrets } from '../../../server/src/secrets.ts';
import { loadSecrets } from '../../../server/src/secrets.ts';
import { startHashing } from '../../../server/src/threads/start-hashing.ts';
import { commandPool } from '../command-pool.ts';
import { openDatabase } from '../database.ts';
import type { LogIns } from '../log-in-roles.ts';
import { ensureLogIns } from '../log-in-roles.ts';
import { openBankWithProjector } from '../open-bank-with-projector.ts';
import { rebuildReadModel } from '../read-model/rebuild-read-model.ts';

export type VerifiedBank = {
  readonly accounts: number;
  readonly entries: number;
  readonly position: number;
  /** How many events the database had shown that the restored event log has not: they are lost. */
  readonly lost: number;
  /** The log was signed up to here when the backup was taken, and perhaps further since; 0 where it was not. */
  readonly signed: number;
};

/** Throws a `Failure` where the two differ, and leaves the database as it is then. */
export async function verifyRestored(config: Config): Promise<VerifiedBank> {
  const { url, release } = await openDatabase(config);
  try {
    const logIns = await ensureLogIns(url, config);
    const secrets = await loadSecrets(config.stateDir, logIns.server);
    const lost = await rebuildIfAhead({ config, ownerUrl: url, logIns, masterKeys: secrets.masterKeys });
    const opened = await openBankWithProjector({ ...config, logIns, secrets });
    await opened.shown().finally(() => opened.close());
    return { ...(await compare(config, logIns, secrets)), lost };
  } finally {
    await release();
  }
}

/** The database may be younger than an event log that was restored beside it: then what it shows of the journal is made again. Gives by how many events. */
async function rebuildIfAhead(how: {
  readonly config: Config;
  readonly ownerUrl: string;
  readonly logIns: LogIns;
  readonly masterKeys: MasterKeys;
}): Promise<number> {
  const { config, logIns, ownerUrl, masterKeys } = how;
  const pool = commandPool(logIns);
  const journal = openJournal(config.eventLog, pool);
  let lost: number;
  try {
    lost = Math.max(0, (await progress(pool)).position - (await assertReachable(journal, 'EVENT_LOG_URL')));
    if (lost === 0) return lost;
  } finally {
    await journal.close();
    await pool.end();
  }
  const onProgress = (): void => undefined;
  const { eventLog } = config;
  await rebuildReadModel({ ownerUrl, logIns, eventLog, masterKeys, onProgress, discardsBeyond: true });
  return lost;
}

async function compare(
  config: Config,
  logIns: LogIns,
  { masterKeys, macKey }: Secrets,
): Promise<Omit<VerifiedBank, 'lost'>> {
  const pool = commandPool(logIns);
  const journal = openJournal(config.eventLog, pool);
  const vault = postgresVault({ pool, masterKeys });
  const { hashEvents, close: endHashing } = startHashing(macKey);
  // As long as it takes: Ctrl-C ends the program.
  const { signal } = new AbortController();
  try {
    const { position } = await progress(pool);
    const onProgress = (): Promise<void> => Promise.resolve();
    const verified = await verifyBank(
      { journal, reader: pool, vault, hashEvents, outside: nothingKnownOutside },
      position,
      {
        onProgress,
        signal,
      },
    );
    // Events that were signed and that no backup has are named by the signer and the next verification.
    const differences = verified.differences.filter(({ table }) => table !== 'log');
    if (verified.is === 'broken_off')
      throw new Failure(`The restored journal cannot be verified: ${verified.reason} Restore another backup.`);
    const { accounts, entries, total } = verified;
    const [first] = differences;
    if (first !== undefined || total !== 0n) {
      const example = first === undefined ? `its balances add up to ${String(total)}` : JSON.stringify(first);
      throw new Failure(
        `The restored bank differs from its journal in ${String(differences.length)} places, such as ${example}: it must not be opened. Restore another backup, or make its read model again (npm run rebuild) and look at what differed.`,
      );
    }
    return { position, accounts, entries, signed: (await readPublishedLog(pool))?.size ?? 0 };
  } finally {
    await endHashing();
    await journal.close();
    await pool.end();
  }
}
