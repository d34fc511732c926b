/** Which database holds the journal, as configured. */
import { z } from 'zod';

export type EventLog = {
  /** `kurrentdb://…` or `esdb://…`; undefined: PostgreSQL. */
  readonly eventLogUrl: string | undefined;
  /** Names the stream `journal-<ledger>`. */
  readonly ledger: string;
};

export const eventLogUrlSetting = z
  .string()
  // The value itself may hold a password and is not shown.
  .regex(/^(kurrentdb|esdb)(\+discover)?:\/\/[^\s]+$/, {
    error: 'EVENT_LOG_URL must look like kurrentdb://user:password@host:2113 or esdb://host:2113?tls=false.',
  });

export const ledgerSetting = z.string().regex(/^[a-z0-9-]{1,40}$/, {
  error: ({ input }) => `LEDGER is "${String(input)}", but must be 1 to 40 small letters, digits or -.`,
});
