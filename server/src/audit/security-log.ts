/** What happened at the doors: wrong PINs and log-ins of staff, kept for auditors; nobody at the door waits for it. */
import type pg from 'pg';

export type SecurityEvent = {
  readonly id: number;
  readonly at: string;
  readonly kind: 'pin_wrong' | 'staff_logged_in' | 'staff_refused';
  readonly subject: string;
  readonly terminal: string;
};

export interface SecurityLog {
  note(event: Pick<SecurityEvent, 'kind' | 'subject' | 'terminal'>): void;
  /** Upwards from above `after`; without it, the last ones. */
  read(options: { readonly after?: number; readonly limit: number }): Promise<readonly SecurityEvent[]>;
}

type Row = { id: string; at: Date; kind: SecurityEvent['kind']; subject: string; terminal: string };

export function postgresSecurityLog({
  pool,
  onTrouble,
}: {
  readonly pool: pg.Pool;
  readonly onTrouble: (error: unknown) => void;
}): SecurityLog {
  return {
    note({ kind, subject, terminal }) {
      pool
        .query({
          name: 'security_note',
          text: 'insert into audit.security_events (kind, subject, terminal) values ($1, $2, $3)',
          values: [kind, subject, terminal],
        })
        .catch(onTrouble);
    },
    async read({ after, limit }) {
      const { rows } = await pool.query<Row>(
        after === undefined
          ? { text: 'select * from audit.security_events order by id desc limit $1', values: [limit] }
          : { text: 'select * from audit.security_events where id > $1 order by id limit $2', values: [after, limit] },
      );
      const events = rows.map(({ id, at, ...row }) => ({ id: Number(id), at: at.toISOString(), ...row }));
      return after === undefined ? events.reverse() : events;
    },
  };
}
