/** What runs in a thread of the pool: pure work on what it is handed, so that no thread needs a connection or a secret. */
import { move } from 'piscina';
import { civilTime } from '../../../ledger/src/civil-time.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { AccountOverview, Entry } from '../../../projections/src/read-model.ts';
import type { Fold, Wanted } from '../audit/fold-account.ts';
import { foldAccount } from '../audit/fold-account.ts';
import type { StatementCheckpoint } from '../http/exports/statement-pdf.ts';

type Statement = {
  readonly account: AccountOverview;
  /** Oldest first. */
  readonly entries: readonly Entry[];
  readonly madeAtMs: number;
  readonly timeZone: string;
  readonly checkpoint?: StatementCheckpoint | undefined;
};

/** A statement's PDF, whole. */
export async function statement({ account, entries, madeAtMs, timeZone, checkpoint }: Statement): Promise<Uint8Array> {
  // A thread that only folds needs no fonts.
  const { statementPdf } = await import('../http/exports/statement-pdf.ts');
  const pieces: Uint8Array[] = [];
  const civil = civilTime(timeZone);
  for await (const piece of statementPdf(account, entries, { madeAtMs, civil, checkpoint })) pieces.push(piece);
  const file = new Uint8Array(Buffer.concat(pieces));
  // Handed over, not copied.
  return move(file) as Uint8Array;
}

type Batch = {
  readonly before: Fold;
  readonly account: string;
  readonly events: readonly JournalEvent[];
  readonly wanted: Wanted;
};

/** An account's fold, carried on by some of its events. */
export const fold = ({ before, account, events, wanted }: Batch): Fold => foldAccount(before, account, events, wanted);
