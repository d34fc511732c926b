/** Which journal a database belongs to: remembered in the database, compared before anything is read into it or written. */
import type pg from 'pg';
import { Failure } from '../failure.ts';
import type { EventLog } from './event-log.ts';
import type { Journal } from './journal.ts';

type Identity = {
  readonly store: 'postgresql' | 'event log';
  /** In PostgreSQL there is one journal, and no setting names it. */
  readonly ledger: string | null;
  readonly firstEvent: string | null;
};

export type BindOptions = {
  /** With the server's or the projector's role. */
  readonly pool: Pick<pg.ClientBase, 'query'>;
  readonly journal: Journal;
  readonly eventLog: EventLog;
};

/**
 * `projected`: how far the read model in this database has been brought; beyond the journal's end it was built from
 * another journal, and the database is bound to none. The first to come binds the database to the journal; whoever comes with another journal changes nothing. Throws
 * `Failure`.
 */
export async function bindJournal({
  pool,
  journal,
  eventLog,
  projected,
}: BindOptions & { readonly projected: number }): Promise<void> {
  const [first] = await journal.read({ from: 1, limit: 1 });
  const configured = { ...storeOf(eventLog), firstEvent: first?.id ?? null };
  if ((await read(pool)) === undefined) {
    if (projected > (await journal.head())) return;
    await pool.query(
      'insert into journal.identity (store, ledger, first_event) values ($1, $2, $3) on conflict do nothing',
      [configured.store, configured.ledger, configured.firstEvent],
    );
  }
  const bound = await read(pool);
  if (bound === undefined) throw new Error('the database did not remember its journal');
  if (bound.store !== configured.store || bound.ledger !== configured.ledger) {
    throw new Failure(
      `The database belongs to ${nameOf(bound)}, but EVENT_LOG_URL and LEDGER name ${nameOf(configured)}: set them as they were, give another database (DATABASE_URL or STATE_DIR), or move the journal (npm run copy-journal, with --move).`,
    );
  }
  if (bound.firstEvent !== null && bound.firstEvent !== configured.firstEvent) {
    throw new Failure(
      `The database belongs to a journal that begins with event ${bound.firstEvent}, but ${nameOf(configured)} ${first === undefined ? 'is empty' : `begins with ${first.id}`}: bring that journal back, or give another database (DATABASE_URL or STATE_DIR).`,
    );
  }
  if (bound.firstEvent !== configured.firstEvent) {
    await pool.query('update journal.identity set first_event = $1 where first_event is null', [configured.firstEvent]);
  }
}

/** After a copy: from now on the bank's journal is in the other store. `pool` is the owner's. */
export async function rebindJournal({ pool, journal, eventLog }: BindOptions): Promise<void> {
  const { store, ledger } = storeOf(eventLog);
  const [first] = await journal.read({ from: 1, limit: 1 });
  const bound = await read(pool);
  if (bound !== undefined && bound.firstEvent !== (first?.id ?? null)) {
    throw new Failure(
      'The bank’s database belongs to another journal than the one that was copied: it stays as it is.',
    );
  }
  await pool.query(
    `insert into journal.identity (store, ledger, first_event) values ($1, $2, $3)
     on conflict (only_row) do update set store = excluded.store, ledger = excluded.ledger`,
    [store, ledger, first?.id ?? null],
  );
}

const storeOf = ({ eventLogUrl, ledger }: EventLog): Pick<Identity, 'store' | 'ledger'> =>
  eventLogUrl === undefined ? { store: 'postgresql', ledger: null } : { store: 'event log', ledger };

const nameOf = ({ store, ledger }: Pick<Identity, 'store' | 'ledger'>): string =>
  store === 'postgresql' ? 'the journal in PostgreSQL' : `journal-${ledger ?? ''} in an event log`;

async function read(pool: BindOptions['pool']): Promise<Identity | undefined> {
  const { rows } = await pool.query<Identity>(
    'select store, ledger, first_event as "firstEvent" from journal.identity',
  );
  return rows[0];
}
