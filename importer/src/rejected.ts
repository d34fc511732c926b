/** The sentence for what the bank rejects in the middle of an import. */
import type { Outcome } from '../../ledger/src/bookkeeper/submission.ts';
import { Failure } from '../../ledger/src/failure.ts';

type Rejection = Extract<Outcome, { accepted: false }>['rejection'];

/** `what` names the row. */
export function rejected({ code }: Rejection, what: string): Failure {
  if (code === 'overloaded') {
    return new Failure(
      'The read model is too far behind the journal. Start the bank, let it catch up, and run the import again: it goes on where it stopped.',
    );
  }
  if (code === 'unavailable' || code === 'event_unreadable') {
    const why =
      code === 'unavailable' ? 'The journal cannot be reached' : 'The journal holds an event that cannot be read';
    return new Failure(`${why}. Mend that and run the import again: it goes on where it stopped.`);
  }
  return new Failure(
    `${what} was rejected (${code}): somebody else changed the bank meanwhile. Run the import again: it compares everything anew.`,
  );
}
