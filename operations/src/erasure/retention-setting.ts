/** How long a former customer's data are kept: `RETENTION_DAYS`. */
import { z } from 'zod';
import { readSettings } from '../../../ledger/src/configuration.ts';

const settings = z.object({
  RETENTION_DAYS: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text), {
      error: ({ input }) => `RETENTION_DAYS is "${String(input)}", but must be a whole number of days from 0 to 99999.`,
    })
    // Five years, two of which may be leap years: why, docs/decisions/personal-data.md says.
    .default('1827')
    .transform(Number),
});

/** Throws `Failure`. */
export const readRetentionDays = (env: NodeJS.ProcessEnv): number => readSettings(settings, env).RETENTION_DAYS;
