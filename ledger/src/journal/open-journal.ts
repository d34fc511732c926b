/** Chooses the journal by configuration: EventStoreDB or KurrentDB where a URL names one, else PostgreSQL. */
import type pg from 'pg';
import type { EventLog } from './event-log.ts';
import type { Journal } from './journal.ts';
import { kurrentJournal } from './kurrent-journal.ts';
import { postgresJournal } from './postgres-journal.ts';

/** `pool` is for the journal in PostgreSQL, and stays the caller's to end. */
export function openJournal({ eventLogUrl, ledger }: EventLog, pool: pg.Pool): Journal {
  return eventLogUrl === undefined ? postgresJournal({ pool }) : kurrentJournal({ url: eventLogUrl, ledger });
}
