/** Carries out a list of transfers, each decided on its own under a key of its own: sent again, nothing is done twice. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Submission } from '../../../ledger/src/bookkeeper/submission.ts';
import { transferBatch } from '../../../api/src/calls/batch.ts';
import { requestCurrency } from '../../../api/src/fields.ts';
import type { ApiRejection, ApiRejectionCode } from '../../../api/src/problems.ts';
import { requestHash } from '../http/idempotency.ts';
import { toMinor } from '../http/view.ts';
import { submit } from '../http/waiting.ts';
import type { BatchTransfer } from './proposals.ts';

type CarriedOut = {
  readonly results: {
    readonly id: string;
    readonly status: 'accepted' | 'rejected';
    readonly code?: ApiRejectionCode;
  }[];
  /** The last event of those that were accepted; 0 when none was. */
  readonly position: number;
};

/** Gives a rejection when part of it is not settled: the same again settles it. */
export async function carryOutTransfers(
  { bookkeeper, requestKey }: { readonly bookkeeper: Bookkeeper; readonly requestKey: KeyObject },
  transfers: readonly BatchTransfer[],
  commandIdOf: (transferId: string) => string,
  who: Pick<Submission, 'actor' | 'terminal' | 'correlationId'>,
): Promise<CarriedOut | ApiRejection> {
  const outcomes = await Promise.all(
    transfers.map(({ id, from, to, amount, reference }) =>
      submit(bookkeeper, {
        command: {
          type: 'Transfer',
          from,
          to,
          amount: toMinor(amount),
          currency: requestCurrency,
          ...(reference !== undefined && { reference }),
        },
        commandId: commandIdOf(id),
        requestHash: requestHash(requestKey, transferBatch, { from, to, amount, reference: reference ?? null }),
        ...who,
      }),
    ),
  );
  // Part of it may be done: sent again, what was done is answered again and the rest is tried once more.
  const unsettled = outcomes.find((outcome) => 'code' in outcome && isUnsettled(outcome.code));
  if (unsettled !== undefined && 'code' in unsettled) return unsettled;
  return {
    results: transfers.map(({ id }, index) => {
      const outcome = outcomes[index];
      return outcome !== undefined && 'code' in outcome
        ? { id, status: 'rejected' as const, code: outcome.code }
        : { id, status: 'accepted' as const };
    }),
    position: Math.max(...outcomes.map((outcome) => ('code' in outcome ? 0 : outcome.position))),
  };
}

const isUnsettled = (code: string): boolean => ['overloaded', 'unavailable', 'event_unreadable'].includes(code);

/** What a list of transfers may move at most: whatever takes money away from it counts nothing. */
export const totalOf = (transfers: readonly BatchTransfer[]): bigint =>
  transfers.map(({ amount }) => toMinor(amount)).reduce((sum, amount) => (amount > 0n ? sum + amount : sum), 0n);
