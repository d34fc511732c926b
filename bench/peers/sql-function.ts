/** Peer: the transfer as one hand-written SQL function, with balances and history in two tables and row locks. */
import { randomUUID } from 'node:crypto';
import { ownerPool } from '../databases.ts';
import { closedLoop } from '../load.ts';
import { floorMinor } from '../transfers.ts';
import type { Peer } from './peer.ts';

/**
 * As somebody who knows PostgreSQL would write it: rows locked in one order so that there is no deadlock, free space
 * in the pages so that no index is touched, and the idempotency key as the history's only index.
 */
const schema = `
  create table balances (
    account bigint primary key, balance bigint not null default 0, floor bigint not null
  ) with (fillfactor = 50);
  create table history (
    key uuid primary key, sender bigint not null, recipient bigint not null, amount bigint not null,
    sender_balance bigint not null, recipient_balance bigint not null, reference text,
    recorded_at timestamptz not null default clock_timestamp()
  );
  create function transfer(p_key uuid, p_from bigint, p_to bigint, p_amount bigint, p_reference text)
  returns bigint language plpgsql as $$
  declare
    v_from bigint;
    v_to bigint;
  begin
    if p_from < p_to then
      update balances set balance = balance - p_amount
        where account = p_from and balance - p_amount >= floor returning balance into v_from;
      update balances set balance = balance + p_amount where account = p_to returning balance into v_to;
    else
      update balances set balance = balance + p_amount where account = p_to returning balance into v_to;
      update balances set balance = balance - p_amount
        where account = p_from and balance - p_amount >= floor returning balance into v_from;
    end if;
    if v_from is null or v_to is null then
      raise exception 'the transfer is not possible';
    end if;
    insert into history (key, sender, recipient, amount, sender_balance, recipient_balance, reference)
      values (p_key, p_from, p_to, p_amount, v_from, v_to, p_reference);
    return v_from;
  end $$;`;

export async function sqlFunction(databaseUrl: string, accounts: number): Promise<Peer> {
  const pool = ownerPool(databaseUrl, 16);
  await pool.query(schema);
  await pool.query('insert into balances (account, floor) select n, $2 from generate_series(1, $1::bigint) as n', [
    accounts,
    floorMinor,
  ]);
  await pool.query('vacuum analyze balances');
  return {
    candidate(callers, next) {
      const call = async (): Promise<void> => {
        const { from, to } = next();
        await pool.query({
          name: 'transfer',
          text: 'select transfer($1, $2, $3, 1, $4)',
          values: [randomUUID(), from, to, 'rent'],
        });
      };
      return {
        name: 'SQL function',
        callers,
        round: (forMs) => closedLoop({ callers, forMs, call }),
        async afterRound() {
          await pool.query('vacuum balances');
        },
      };
    },
    stop: () => pool.end(),
  };
}
