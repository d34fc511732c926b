/** Sessions in PostgreSQL: any server knows the session another one began, and all know at once when it ended. */
import type pg from 'pg';
import type { StaffRole } from '../../../api/src/calls/staff.ts';
import type { StaffSession, StaffSessions } from '../staff/staff-sessions.ts';
import type { CustomerSession, Sessions } from './sessions.ts';
import { hashToken, newToken } from './tokens.ts';

/** One kind of session: its table, what it stores beside the token's hash, and how long it lasts. */
type Kind = {
  readonly table: 'sessions' | 'staff_sessions';
  /** The table's own columns that `begin` fills, in the order of its values. */
  readonly stored: readonly string[];
  /** What `find` reads, and the join and condition it needs for that. */
  readonly read: { readonly columns: readonly string[]; readonly join?: string; readonly where?: string };
  /** Ends after so much time without a request, and after so much in any case. */
  readonly lifetime: { readonly idle: string; readonly longest: string };
  /** A session's last use is written at most this often: a read must not cost a write. */
  readonly touchEvery: string;
};

const customers: Kind = {
  table: 'sessions',
  stored: ['account', 'pin_digest', 'pin_position', 'terminal', 'must_change_pin'],
  read: {
    columns: ['account', 'pin_digest', 'replaced_digest', 'terminal', 'must_change_pin'],
    // Of a PIN that was changed elsewhere there is no session.
    join: 'join access.pins using (account)',
    where: 'and pin_position = position',
  },
  lifetime: { idle: '10 minutes', longest: '60 minutes' },
  touchEvery: '30 seconds',
};

const staff: Kind = {
  table: 'staff_sessions',
  stored: ['username'],
  read: { columns: ['username', 'role'], join: 'join access.staff using (username)' },
  lifetime: { idle: '60 minutes', longest: '10 hours' },
  touchEvery: '1 minute',
};

/** So many machines nobody stands at; the oldest session ends for the next. */
const mostSessions = 5;

type CustomerRow = {
  account: string;
  pin_digest: Buffer;
  replaced_digest: Buffer | null;
  terminal: string;
  must_change_pin: boolean;
};

export function postgresSessions({ pool }: { readonly pool: pg.Pool }): Sessions {
  const { begin, find, isAlive, end, sweep } = sessionStore<CustomerRow>(pool, customers);
  return {
    async begin({ account, token, pinDigest, pinPosition, terminal, mustChangePin }) {
      const expiresAt = await begin(token, [account, pinDigest, pinPosition, terminal, mustChangePin]);
      // After the insertion is committed: of log-ins at the same moment, the last to get here sees them all.
      await pool.query({
        name: 'sessions_trim',
        text: `delete from access.sessions where account = $1 and token_hash in (
                 select token_hash from access.sessions where account = $1
                 order by created_at desc, token_hash offset $2)`,
        values: [account, mostSessions],
      });
      return expiresAt;
    },
    async find(token): Promise<CustomerSession | undefined> {
      const row = await find(token);
      if (row === undefined) return undefined;
      const {
        account,
        pin_digest: pinDigest,
        replaced_digest: replaced,
        terminal,
        must_change_pin: mustChangePin,
      } = row;
      return {
        account,
        token,
        pinDigest,
        terminal,
        mustChangePin,
        ...(replaced !== null && { replacedDigest: replaced }),
      };
    },
    isAlive,
    end,
    async endAll(account) {
      await pool.query('delete from access.sessions where account = $1', [account]);
    },
    sweep,
  };
}

export function postgresStaffSessions({ pool }: { readonly pool: pg.Pool }): StaffSessions {
  const { begin, find, isAlive, end, sweep } = sessionStore<{ username: string; role: StaffRole }>(pool, staff);
  return {
    async begin(username) {
      const token = newToken();
      return { token, expiresAt: await begin(token, [username]) };
    },
    async find(token): Promise<StaffSession | undefined> {
      const row = await find(token);
      return row && { username: row.username, role: row.role, token };
    },
    isAlive,
    end,
    sweep,
  };
}

type SessionStore<Row> = {
  /** Gives the moment the session ends at the latest: ISO 8601, UTC. */
  readonly begin: (token: string, stored: readonly unknown[]) => Promise<string>;
  readonly find: (token: string) => Promise<Row | undefined>;
  readonly isAlive: (token: string) => Promise<boolean>;
  readonly end: (token: string) => Promise<void>;
  readonly sweep: () => Promise<void>;
};

function sessionStore<Row extends object>(
  pool: pg.Pool,
  { table, stored, read, lifetime, touchEvery }: Kind,
): SessionStore<Row> {
  const isAlive = `expires_at > now() and last_used_at > now() - interval '${lifetime.idle}'`;
  const values = stored.map((_, index) => `$${String(index + 2)}`);
  return {
    async begin(token, storedValues) {
      const { rows } = await pool.query<{ expires_at: Date }>({
        name: `${table}_begin`,
        text: `insert into access.${table} (token_hash, ${stored.join(', ')}, expires_at)
               values ($1, ${values.join(', ')}, now() + interval '${lifetime.longest}') returning expires_at`,
        values: [hashToken(token), ...storedValues],
      });
      const [row] = rows;
      if (row === undefined) throw new Error('the new session was not returned');
      return row.expires_at.toISOString();
    },

    async find(token) {
      const tokenHash = hashToken(token);
      const { rows } = await pool.query<Row & { is_untouched: boolean }>({
        name: `${table}_find`,
        text: `select ${read.columns.join(', ')}, last_used_at < now() - interval '${touchEvery}' as is_untouched
               from access.${table} ${read.join ?? ''} where token_hash = $1 and ${isAlive} ${read.where ?? ''}`,
        values: [tokenHash],
      });
      const [row] = rows;
      if (row?.is_untouched === true) {
        await pool.query({
          name: `${table}_touch`,
          text: `update access.${table} set last_used_at = now() where token_hash = $1`,
          values: [tokenHash],
        });
      }
      return row;
    },

    async isAlive(token) {
      const { rowCount } = await pool.query({
        name: `${table}_is_alive`,
        text: `select from access.${table} ${read.join ?? ''} where token_hash = $1 and ${isAlive}`,
        values: [hashToken(token)],
      });
      return rowCount === 1;
    },

    async end(token) {
      await pool.query(`delete from access.${table} where token_hash = $1`, [hashToken(token)]);
    },

    async sweep() {
      await pool.query(`delete from access.${table} where not (${isAlive})`);
    },
  };
}
