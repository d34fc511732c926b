/** Where the journal is kept, as configured. */

export type EventLog = {
  /** `kurrentdb://…` or `esdb://…`; undefined: PostgreSQL. */
  readonly eventLogUrl: string | undefined;
  /** Names the stream `journal-<ledger>`. */
  readonly ledger: string;
};

/** The values of EVENT_LOG_URL and LEDGER; a sentence says what is wrong with them. */
export function readEventLog(eventLogUrl: string | undefined, ledger = 'main'): EventLog | string {
  // The value itself may hold a password and is not shown.
  if (eventLogUrl !== undefined && !/^(kurrentdb|esdb)(\+discover)?:\/\/[^\s]+$/.test(eventLogUrl)) {
    return 'EVENT_LOG_URL must look like kurrentdb://user:password@host:2113 or esdb://host:2113?tls=false.';
  }
  if (!/^[a-z0-9-]{1,40}$/.test(ledger)) {
    return `LEDGER is "${ledger}", but must be 1 to 40 small letters, digits or -.`;
  }
  return { eventLogUrl, ledger };
}
