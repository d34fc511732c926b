/** Customers' sessions in PostgreSQL: any server knows the session another one began, and all know at once when it ended. */
import type pg from 'pg';
import { hashToken } from './tokens.ts';

export type CustomerSession = {
  readonly account: string;
  /** The token in clear, as the caller just sent it: only with it can the PIN be confirmed. */
  readonly token: string;
  /** What confirming a PIN is checked against. */
  readonly pinDigest: Buffer;
};

export interface Sessions {
  /** Gives the moment the session ends at the latest: ISO 8601, UTC. */
  begin(session: CustomerSession): Promise<string>;
  find(token: string): Promise<CustomerSession | undefined>;
  end(token: string): Promise<void>;
  /** All sessions of an account. */
  endAll(account: string): Promise<void>;
  /** Deletes what has expired. */
  sweep(): Promise<void>;
}

const lifetime = { idle: '10 minutes', longest: '60 minutes' };
/** A session's last use is written at most this often: a read must not cost a write. */
const touchEvery = '30 seconds';

const alive = `expires_at > now() and last_used_at > now() - interval '${lifetime.idle}'`;

export function postgresSessions({ pool }: { readonly pool: pg.Pool }): Sessions {
  return {
    async begin({ account, token, pinDigest }) {
      const { rows } = await pool.query<{ expires_at: Date }>({
        name: 'session_begin',
        text: `insert into access.sessions (token_hash, account, pin_digest, expires_at)
               values ($1, $2, $3, now() + interval '${lifetime.longest}') returning expires_at`,
        values: [hashToken(token), account, pinDigest],
      });
      const [row] = rows;
      if (row === undefined) throw new Error('the new session was not returned');
      return row.expires_at.toISOString();
    },

    async find(token) {
      const tokenHash = hashToken(token);
      const { rows } = await pool.query<{ account: string; pin_digest: Buffer; untouched: boolean }>({
        name: 'session_find',
        text: `select account, pin_digest, last_used_at < now() - interval '${touchEvery}' as untouched
               from access.sessions where token_hash = $1 and ${alive}`,
        values: [tokenHash],
      });
      const [row] = rows;
      if (row === undefined) return undefined;
      if (row.untouched) {
        await pool.query({
          name: 'session_touch',
          text: 'update access.sessions set last_used_at = now() where token_hash = $1',
          values: [tokenHash],
        });
      }
      return { account: row.account, token, pinDigest: row.pin_digest };
    },

    async end(token) {
      await pool.query('delete from access.sessions where token_hash = $1', [hashToken(token)]);
    },

    async endAll(account) {
      await pool.query('delete from access.sessions where account = $1', [account]);
    },

    async sweep() {
      await pool.query(`delete from access.sessions where not (${alive})`);
    },
  };
}
