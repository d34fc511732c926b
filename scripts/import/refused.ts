/** The sentence for what the bank refuses in the middle of an import. */
import type { Outcome } from '../../ledger/src/bookkeeper/submission.ts';
import { Failure } from '../failure.ts';

type Refusal = Extract<Outcome, { accepted: false }>['rejection'];

/** `what` names the row. */
export function refused({ code }: Refusal, what: string): Failure {
  if (code === 'overloaded') {
    return new Failure(
      'The read model is too far behind the journal. Start the bank, let it catch up, and run the import again: it goes on where it stopped.',
    );
  }
  return new Failure(
    `${what} was refused (${code}): somebody else changed the bank meanwhile. Run the import again: it compares everything anew.`,
  );
}
