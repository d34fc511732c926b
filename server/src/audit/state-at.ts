/** An account's state at any version or moment, folded from the journal itself, whatever the read model says. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { BrokenHistory, evolveAccount } from '../../../ledger/src/domain/account.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { ReadModel } from '../../../projections/src/read-model.ts';
import type { Moment } from './moment.ts';

type Wanted = {
  /** The last state the account had with this many postings. */
  readonly version?: number | undefined;
  readonly moment?: Moment | undefined;
};

type Found = {
  readonly state: AccountState | undefined;
  /** The last event the state includes. */
  readonly asOf: { readonly position: number; readonly recordedAt: string } | undefined;
  /** With a moment: what the postings that count up to that day add up to, whenever they were recorded. */
  readonly balanceByValueDate: bigint | undefined;
};

const batchSize = 1_000;

export async function stateAt(
  sources: { readonly readModel: ReadModel; readonly journal: Journal },
  account: string,
  { version, moment }: Wanted,
): Promise<Found | { readonly code: 'history_broken'; readonly where: string }> {
  let folded: AccountState | undefined;
  let broken: string | undefined;
  let state: AccountState | undefined;
  let asOf: Found['asOf'];
  let balanceByValueDate = moment === undefined ? undefined : 0n;
  for await (const { position, event, metadata } of eventsOf(sources, account)) {
    try {
      if (broken === undefined) folded = evolveAccount(folded, account, event);
    } catch (error) {
      if (!(error instanceof BrokenHistory)) throw error;
      broken = error.message;
    }
    if (version !== undefined && folded !== undefined && folded.version > version) break;
    // The clocks of several servers differ a little: what comes before the last event recorded up to then belongs to it.
    if (moment === undefined || Date.parse(metadata.recordedAt) <= moment.untilMs) {
      if (broken !== undefined) return { code: 'history_broken', where: broken };
      state = folded;
      asOf = { position, recordedAt: metadata.recordedAt };
    }
    if (moment !== undefined && balanceByValueDate !== undefined && metadata.valueDate <= moment.untilDay) {
      balanceByValueDate += isMoneyEvent(event) ? amountOn(account, event) : 0n;
    }
  }
  return { state, asOf, balanceByValueDate };
}

/** Everything that touches the account, oldest first, in bounded memory. */
async function* eventsOf(
  { readModel, journal }: { readonly readModel: ReadModel; readonly journal: Journal },
  account: string,
): AsyncGenerator<Recorded> {
  let after = 0;
  for (;;) {
    const positions = await readModel.eventPositions(account, { after, limit: batchSize });
    for (const stored of await journal.readAt(positions)) yield decode(stored);
    const last = positions.at(-1);
    if (last === undefined || positions.length < batchSize) return;
    after = last;
  }
}

const amountOn = (
  account: string,
  { postings }: { postings: readonly { account: string; amount: bigint }[] },
): bigint => postings.reduce((sum, posting) => (posting.account === account ? sum + posting.amount : sum), 0n);
