/** Peer: emmett on PostgreSQL, one stream an account and each transfer a command handled by a decider on the sender's. */
import type { Command, Decider, Event } from '@event-driven-io/emmett';
import { DeciderCommandHandler } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { randomUUID } from 'node:crypto';
import { ownerPool } from '../databases.ts';
import { closedLoop } from '../load.ts';
import { floorMinor } from '../transfers.ts';
import type { Peer } from './peer.ts';

type Details = {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  readonly reference: string;
};
type Transfer = Command<'Transfer', Details>;
type Transferred = Event<'Transferred', Details & { readonly balance: string }>;
type State = { readonly balance: bigint };

const decider: Decider<State, Transfer, Transferred> = {
  initialState: () => ({ balance: 0n }),
  evolve: (_state, { data }) => ({ balance: BigInt(data.balance) }),
  decide({ data }, { balance }) {
    const after = balance - BigInt(data.amount);
    if (after < floorMinor) throw new Error('insufficient funds');
    return { type: 'Transferred', data: { ...data, balance: after.toString() } };
  },
};

/**
 * To its advantage only the sender's stream is written: the recipient's side, which needs a second command or a
 * projection, is left out, and so is the look-up of idempotency keys.
 */
export async function emmett(databaseUrl: string): Promise<Peer> {
  const pool = ownerPool(databaseUrl, 16);
  const store = getPostgreSQLEventStore(databaseUrl, { connectionOptions: { pooled: true, pool } });
  await store.schema.migrate();
  const handle = DeciderCommandHandler<State, Transfer, Transferred>({
    ...decider,
    retry: { onVersionConflict: 10 },
  });
  return {
    candidate(callers, next) {
      const call = async (): Promise<void> => {
        const { from, to } = next();
        await handle(store, `account-${String(from)}`, {
          type: 'Transfer',
          data: { key: randomUUID(), from: String(from), to: String(to), amount: '1', reference: 'rent' },
        });
      };
      return { name: 'emmett-postgresql', callers, round: (forMs) => closedLoop({ callers, forMs, call }) };
    },
    async stop() {
      await store.close();
      await pool.end();
    },
  };
}
