/** Asks an event log whether it is there, so that one that is not is a sentence. */
import { Failure } from '../failure.ts';
import type { Journal } from './journal.ts';

/** Gives the journal's head. Throws `Failure`; `name` is what the person calls the event log. */
export async function assertReachable(journal: Journal, name: string): Promise<number> {
  return journal.head().catch((error: unknown) => {
    const [reason] = (error instanceof Error ? error.message : String(error)).split(' Resolution note');
    throw new Failure(
      `The event log of ${name} cannot be reached (${reason ?? ''}): does it run, and are address, certificate and password right?`,
    );
  });
}
