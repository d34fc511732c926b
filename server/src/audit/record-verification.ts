/** Writes how a verification ended to the journal, under a command id of its own: one event, however often it is asked for. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { VerificationEnded } from '../../../ledger/src/domain/events.ts';

export type VerificationEnd = Omit<VerificationEnded, 'type'>;

/** False: it is not in the journal. Undefined: nobody knows. */
export type RecordEnd = (end: VerificationEnd) => Promise<boolean | undefined>;

/** No command of a caller's begins like this. */
export const verificationCommandId = (verification: number): string => `verification:${String(verification)}`;

/** Together longer than a restart of the journal takes. Chosen, not measured. */
const mostTries = 15;
const betweenTriesMs = 1_000;

export async function recordVerification(
  bookkeeper: Pick<Bookkeeper, 'submit'>,
  end: VerificationEnd,
  startedBy: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const correlationId = randomUUID();
  let isUnknown = false;
  for (let tries = 0; tries < mostTries && !signal.aborted; tries++) {
    try {
      const outcome = await bookkeeper.submit({
        command: { type: 'RecordVerification', ...end },
        ...{ commandId: verificationCommandId(end.verification), requestHash: 'verification' },
        ...{ actor: `staff:${startedBy}`, terminal: 'none', correlationId },
      });
      if (outcome.accepted) return true;
    } catch {
      // It may be written: asked again under the same id, it is written once.
      isUnknown = true;
    }
    await sleep(betweenTriesMs, undefined, { signal }).catch(() => undefined);
  }
  return isUnknown ? undefined : false;
}
