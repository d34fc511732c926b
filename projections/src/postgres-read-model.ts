/** The read model in PostgreSQL: each question is a file of its own under `queries/`. */
import type pg from 'pg';
import { account } from './queries/account.ts';
import { balanceHistory } from './queries/balance-history.ts';
import { allEntries, entries } from './queries/entries.ts';
import { eventPositions, eventPositionsWithoutPosting } from './queries/event-positions.ts';
import { overview } from './queries/overview.ts';
import { progress } from './queries/progress.ts';
import { searchAccounts } from './queries/search-accounts.ts';
import { trialBalance } from './queries/trial-balance.ts';
import { versionAt } from './queries/version-at.ts';
import { watchCheckpoint } from './queries/wait-for.ts';
import type { ReadModel } from './read-model.ts';

export type PostgresReadModel = ReadModel & {
  /** The same through another pool, so that its readers keep no others waiting; waiting stays with this one. */
  on(pool: pg.Pool): ReadModel;
  close(): void;
};

/** `pool` is the caller's to end, after `close`: waiting uses one of its connections. */
export function readModel({ pool }: { readonly pool: pg.Pool }): PostgresReadModel {
  const watch = watchCheckpoint(pool, async () => (await progress(pool)).position);
  const on = (other: pg.Pool): ReadModel => ({
    ...queriesOn(other),
    waitFor: (wanted, timeoutMs) => watch.waitFor(wanted, timeoutMs),
  });
  return {
    ...on(pool),
    on,
    close: () => {
      watch.close();
    },
  };
}

function queriesOn(pool: pg.Pool): Omit<ReadModel, 'waitFor'> {
  return {
    position: async () => (await progress(pool)).position,
    account: (number) => account(pool, number),
    entries: (number, options) => entries(pool, number, options),
    allEntries: (number) => allEntries(pool, number),
    eventPositions: (number, options) => eventPositions(pool, number, options),
    versionAt: (number, instantMs) => versionAt(pool, number, instantMs),
    eventPositionsWithoutPosting: (number, upTo) => eventPositionsWithoutPosting(pool, number, upTo),
    searchAccounts: (options) => searchAccounts(pool, options),
    trialBalance: () => trialBalance(pool),
    overview: () => overview(pool),
    balanceHistory: (number, points) => balanceHistory(pool, number, points),
  };
}
