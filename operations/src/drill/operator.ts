/** The drill's staff: operators who freeze, close, reset, reverse, order and approve, and an auditor who reads. */
import { randomUUID } from 'node:crypto';
import type { Call } from '../../../api/src/call.ts';
import { auditAccount } from '../../../api/src/calls/audit-accounts.ts';
import { trialBalance } from '../../../api/src/calls/bank-overview.ts';
import { transferBatch } from '../../../api/src/calls/batch.ts';
import {
  closeAccount,
  freezeAccount,
  resetPin,
  reverseEntry,
  unfreezeAccount,
  unlockAccess,
} from '../../../api/src/calls/operations.ts';
import { approveProposal, rejectProposal } from '../../../api/src/calls/proposals.ts';
import { logInStaff } from '../../../api/src/calls/staff.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import { commandIds } from '../../../server/src/http/idempotency.ts';
import type { Chance } from './chance.ts';
import type { Reply } from './client.ts';
import type { Town } from './customer.ts';
import type { StaffMember } from './drilled-bank.ts';
import { batchLimitMinor } from './drilled-bank.ts';
import type { Answer, Command } from './history.ts';
import type { Asking, Recorder } from './recorder.ts';
import { answerIn, askUntilAnswered, carryOut, minorOf } from './recorder.ts';

export type Staff = StaffMember & {
  readonly chance: Chance;
  token: string | undefined;
  /** Frozen by this operator, to be unfrozen. */
  readonly frozen: string[];
  seen: number;
};

export const staffOf = (member: StaffMember, chance: Chance): Staff => ({
  ...member,
  ...{ chance, token: undefined, frozen: [], seen: 0 },
});

/** What waits for a second operator. */
export type Waiting = { readonly proposal: string; readonly proposer: string; readonly transfers: readonly Item[] };
type Item = { readonly id: string; readonly from: string; readonly to: string; readonly amountMinor: bigint };

export async function beginStaffSession(recorder: Recorder, staff: Staff): Promise<boolean> {
  const { username, password, chance } = staff;
  const sent = () => ({ body: { username, password } });
  const reply = await askUntilAnswered(recorder, logInStaff, { sent, chance });
  if (reply?.status !== 201) return false;
  staff.token = String(reply.body['token']);
  return true;
}

const renewing = (recorder: Recorder, staff: Staff): Pick<Asking, 'renew' | 'chance'> => ({
  renew: () => beginStaffSession(recorder, staff),
  chance: staff.chance,
});

type OnAccount = readonly [Call & { readonly id: string }, Command['event']];
const onAccount = {
  freeze: [freezeAccount, 'AccountFrozen'],
  unfreeze: [unfreezeAccount, 'AccountUnfrozen'],
  close: [closeAccount, 'AccountClosed'],
  unlock: [unlockAccess, 'AccessUnlocked'],
  reset: [resetPin, 'PinChanged'],
} as const satisfies Record<string, OnAccount>;

async function actOn(
  recorder: Recorder,
  staff: Staff,
  [call, event]: OnAccount,
  account: string,
): Promise<Reply | undefined> {
  const key = randomUUID();
  return carryOut(
    recorder,
    call,
    {
      sent: () => ({ key, token: staff.token, params: { account }, body: { reason: 'drill' } }),
      ...renewing(recorder, staff),
    },
    {
      commands: [{ call: call.id, commandId: commandIds.ofStaff(staff.username, key), event, account }],
      answersIn: (answer) => [answerIn(answer)],
    },
  );
}

async function reverse(recorder: Recorder, staff: Staff, reversedPosition: number): Promise<void> {
  const key = randomUUID();
  const entryId = `${String(reversedPosition)}.${String(staff.chance.whole(0, 1))}`;
  await carryOut(
    recorder,
    reverseEntry,
    {
      sent: () => ({ key, token: staff.token, params: { entryId }, body: { reason: 'drill' } }),
      ...renewing(recorder, staff),
    },
    {
      commands: [
        {
          ...{ call: 'reverseEntry', commandId: commandIds.ofStaff(staff.username, key), event: 'EntryReversed' },
          reversedPosition,
        },
      ],
      answersIn: (answer) => [answerIn(answer)],
    },
  );
}

const commandOf = (call: string, commandId: string, { from, to, amountMinor }: Item): Command => ({
  ...{ call, commandId, event: 'Transferred' },
  changes:
    from === to
      ? []
      : [
          { account: from, amountMinor: -amountMinor },
          { account: to, amountMinor },
        ],
});

/** What became of each transfer of a batch: its position is not in the answer. */
function resultsIn({ body }: Reply): readonly Answer[] {
  const results = (body['results'] ?? []) as readonly { readonly status: string; readonly code?: string }[];
  return results.map(({ status, code }) =>
    status === 'accepted' ? { outcome: 'accepted' } : { outcome: 'rejected', code: String(code) },
  );
}

async function orderBatch(recorder: Recorder, town: Town, staff: Staff, waiting: Waiting[]): Promise<void> {
  const { chance, username } = staff;
  const isLarge = chance.next() < 0.4;
  const count = chance.whole(1, 6);
  const most = batchLimitMinor / BigInt(count);
  const transfers = Array.from({ length: count }, (_, n): Item => ({
    id: String(n),
    from: chance.pick(town.accounts) ?? '1',
    // Now and then one that no account has.
    to: chance.next() < 0.05 ? '999999999' : (chance.pick(town.accounts) ?? '1'),
    amountMinor: isLarge ? most + BigInt(chance.whole(1, 500)) : (most * BigInt(chance.whole(1, 100))) / 100n,
  }));
  const key = randomUUID();
  const orderId = commandIds.ofBatchOrder(username, key);
  const each = transfers.map((one) => commandOf('transferBatch', commandIds.ofBatch(username, key, one.id), one));
  const order: Command = { call: 'transferBatch', commandId: orderId, event: 'BatchOrdered' };
  const proposal: Command = { call: 'transferBatch', commandId: orderId, event: 'ActionProposed' };
  const reply = await carryOut(
    recorder,
    transferBatch,
    {
      sent: () => ({ key, token: staff.token, body: { reason: 'drill', transfers: transfers.map(toBody) } }),
      ...renewing(recorder, staff),
    },
    isLarge
      ? { commands: [proposal], answersIn: (answer) => [answerIn(answer)] }
      : {
          commands: [order, ...each],
          answersIn: (answer) =>
            answer.status === 200
              ? [{ outcome: 'accepted' }, ...resultsIn(answer)]
              : [order, ...each].map(() => answerIn(answer)),
        },
  );
  if (reply?.status === 202)
    waiting.push({ proposal: String(reply.body['proposalId']), proposer: username, transfers });
}

const toBody = ({ amountMinor, ...item }: Item): object => ({ ...item, amount: formatAmount(amountMinor, 'EUR') });

async function decide(recorder: Recorder, staff: Staff, { proposal, proposer, transfers }: Waiting): Promise<void> {
  const isApproval = proposer !== staff.username && staff.chance.next() < 0.8;
  const call = isApproval ? approveProposal : rejectProposal;
  const commandId = commandIds.ofDecision(proposal);
  const decision: Command = { call: call.id, commandId, event: isApproval ? 'ActionApproved' : 'ActionRejected' };
  const each = isApproval
    ? transfers.map((one) => commandOf(call.id, commandIds.ofProposal(proposal, one.id), one))
    : [];
  await carryOut(
    recorder,
    call,
    {
      sent: () => ({
        ...{ token: staff.token, params: { id: proposal } },
        ...(!isApproval && { body: { reason: 'drill' } }),
      }),
      ...renewing(recorder, staff),
    },
    {
      commands: [decision, ...each],
      answersIn: (answer) => {
        if (answer.status !== 200) return [decision, ...each].map(() => answerIn(answer));
        return isApproval ? [{ outcome: 'accepted' }, ...resultsIn(answer)] : [answerIn(answer)];
      },
    },
  );
}

const restMs = 60;

export async function liveAsOperator(recorder: Recorder, town: Town, staff: Staff, waiting: Waiting[]): Promise<void> {
  const { chance, frozen } = staff;
  while (!recorder.signal.aborted) {
    const draw = chance.whole(1, 100);
    const account = chance.pick(town.accounts);
    const spare = chance.pick(town.spare);
    const reversible = chance.pick(town.reversible);
    const unfrozen = frozen.length >= 2 || draw <= 10 ? frozen.shift() : undefined;
    if (unfrozen !== undefined) await actOn(recorder, staff, onAccount.unfreeze, unfrozen);
    else if (draw <= 25 && account !== undefined) {
      const reply = await actOn(recorder, staff, onAccount.freeze, account);
      if (reply?.status === 200) frozen.push(account);
    } else if (draw <= 35 && spare !== undefined) await actOn(recorder, staff, onAccount.close, spare);
    else if (draw <= 37 && account !== undefined) await actOn(recorder, staff, onAccount.close, account);
    else if (draw <= 42 && spare !== undefined) await actOn(recorder, staff, onAccount.reset, spare);
    else if (draw <= 47 && spare !== undefined) await actOn(recorder, staff, onAccount.unlock, spare);
    else if (draw <= 60 && reversible !== undefined) await reverse(recorder, staff, reversible);
    else if (draw <= 75 && waiting.length > 0) await decide(recorder, staff, waiting.shift() as Waiting);
    else if (account !== undefined) await orderBatch(recorder, town, staff, waiting);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  // Whoever was frozen at the end may go on.
  for (const account of frozen.splice(0)) await actOn(recorder, staff, onAccount.unfreeze, account);
}

/** Reads one account after the other, and the trial balance; never less than was seen before. */
export async function liveAsAuditor(recorder: Recorder, town: Town, staff: Staff): Promise<void> {
  const { chance, username: reader } = staff;
  while (!recorder.signal.aborted) {
    const account = chance.pick([...town.accounts, 'cash:desk']);
    const isTotal = chance.next() < 0.2;
    const after = staff.seen;
    const reply = await askUntilAnswered(recorder, isTotal ? trialBalance : auditAccount, {
      sent: () => ({
        ...{ token: staff.token, query: { after: String(after) } },
        ...(!isTotal && { params: { account: account ?? '' } }),
      }),
      ...renewing(recorder, staff),
    });
    if (reply?.status === 200) {
      const { position, balance, version, total } = reply.body;
      if (isTotal) recorder.totals.push({ reader, totalMinor: minorOf(total) });
      else {
        const read = { reader, account: account ?? '', after, position: Number(position), version: Number(version) };
        recorder.reads.push({ ...read, balanceMinor: minorOf(balance) });
      }
      staff.seen = Math.max(after, Number(position));
    }
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}
