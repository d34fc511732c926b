/** Staff sessions in PostgreSQL; the role is read with each request, so that taking it away works at once. */
import type pg from 'pg';
import { hashToken, newToken } from '../access/tokens.ts';
import type { StaffRole } from '../http/contract/staff.ts';

export type StaffSession = { readonly username: string; readonly role: StaffRole; readonly token: string };

export interface StaffSessions {
  /** `expiresAt` is the moment the session ends at the latest: ISO 8601, UTC. */
  begin(username: string): Promise<{ readonly token: string; readonly expiresAt: string }>;
  find(token: string): Promise<StaffSession | undefined>;
  end(token: string): Promise<void>;
  /** Deletes what has expired. */
  sweep(): Promise<void>;
}

const lifetime = { idle: '60 minutes', longest: '10 hours' };
/** A session's last use is written at most this often: a read must not cost a write. */
const touchEvery = '1 minute';

const alive = `expires_at > now() and last_used_at > now() - interval '${lifetime.idle}'`;

export function postgresStaffSessions({ pool }: { readonly pool: pg.Pool }): StaffSessions {
  return {
    async begin(username) {
      const token = newToken();
      const { rows } = await pool.query<{ expires_at: Date }>({
        name: 'staff_session_begin',
        text: `insert into access.staff_sessions (token_hash, username, expires_at)
               values ($1, $2, now() + interval '${lifetime.longest}') returning expires_at`,
        values: [hashToken(token), username],
      });
      const [row] = rows;
      if (row === undefined) throw new Error('the new staff session was not returned');
      return { token, expiresAt: row.expires_at.toISOString() };
    },

    async find(token) {
      const tokenHash = hashToken(token);
      const { rows } = await pool.query<{ username: string; role: StaffRole; untouched: boolean }>({
        name: 'staff_session_find',
        text: `select username, role, last_used_at < now() - interval '${touchEvery}' as untouched
               from access.staff_sessions join access.staff using (username) where token_hash = $1 and ${alive}`,
        values: [tokenHash],
      });
      const [row] = rows;
      if (row === undefined) return undefined;
      if (row.untouched) {
        await pool.query({
          name: 'staff_session_touch',
          text: 'update access.staff_sessions set last_used_at = now() where token_hash = $1',
          values: [tokenHash],
        });
      }
      return { username: row.username, role: row.role, token };
    },

    async end(token) {
      await pool.query('delete from access.staff_sessions where token_hash = $1', [hashToken(token)]);
    },

    async sweep() {
      await pool.query(`delete from access.staff_sessions where not (${alive})`);
    },
  };
}
