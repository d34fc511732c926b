/** The routes that move money from or to one's own account. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Submission } from '../../../../ledger/src/bookkeeper/submission.ts';
import type { Command } from '../../../../ledger/src/domain/commands.ts';
import { decide, isRejection } from '../../../../ledger/src/domain/decide.ts';
import type { LedgerEvent } from '../../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../../ledger/src/domain/events.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import type { PinGate } from '../../access/pin-gate.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import { refusalOf } from '../confirm-pin.ts';
import type { Call } from '../contract/call.ts';
import { requestCurrency } from '../contract/fields.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../contract/money.ts';
import { commandIds, replayHeader, requestHash } from '../idempotency.ts';
import type { Asked, Result, Route } from '../serve.ts';
import { route } from '../serve.ts';
import { holderOf, toMinor } from '../view.ts';
import { submit } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly readModel: ReadModel;
  readonly pinGate: PinGate;
  readonly security: SecurityLog;
  readonly requestKey: KeyObject;
};

type Operation = { operationId: string; balance: string; position: number };

export const moneyRoutes = (parts: Parts): readonly Route[] => [
  route(deposit, (asked) => {
    const { caller, body, terminal } = asked;
    return carryOut(parts, deposit, asked, { type: 'Deposit', account: caller.account, terminal, ...sum(body.amount) });
  }),

  route(withdraw, (asked) => {
    const { caller, body, terminal } = asked;
    return carryOut(parts, withdraw, asked, {
      type: 'Withdraw',
      account: caller.account,
      terminal,
      ...sum(body.amount),
    });
  }),

  route(transfer, (asked) => {
    const { caller, body } = asked;
    return carryOut(parts, transfer, asked, {
      type: 'Transfer',
      from: caller.account,
      to: body.to,
      ...sum(body.amount),
      ...(body.reference !== undefined && { reference: body.reference }),
    });
  }),

  route(previewTransfer, async ({ caller, body: { to, amount } }) => {
    const { bookkeeper, readModel } = parts;
    // Another server may have opened the destination a moment ago.
    await bookkeeper.catchUp();
    const decision = decide(bookkeeper.book, { type: 'Transfer', from: caller.account, to, ...sum(amount) });
    if (isRejection(decision)) return decision;
    const destination = await readModel.account(to);
    return {
      body: {
        to,
        holder: destination && holderOf(destination),
        amount: formatAmount(toMinor(amount), requestCurrency),
        balanceAfter: balanceAfter(decision[0], caller.account),
      },
    };
  }),
];

const sum = (amount: string) => ({ amount: toMinor(amount), currency: requestCurrency });

async function carryOut(
  { bookkeeper, pinGate, security, requestKey }: Parts,
  call: Call,
  asked: Pick<Asked<typeof deposit>, 'caller' | 'body' | 'received' | 'key' | 'terminal' | 'correlationId'>,
  command: Command,
): Promise<Result<Operation>> {
  const { caller, terminal, correlationId } = asked;
  const verdict = await pinGate.confirm(caller, asked.body.pin);
  const refused = refusalOf(verdict, { bookkeeper, security }, { account: caller.account, terminal, correlationId });
  if (refused !== undefined) return refused;
  const submission: Submission = {
    command,
    commandId: commandIds.ofAccount(caller.account, asked.key),
    requestHash: requestHash(requestKey, call, asked.received),
    actor: `session:${caller.account}`,
    terminal,
    correlationId,
  };
  const outcome = await submit(bookkeeper, submission);
  if ('code' in outcome) return outcome;
  const [{ id, event }] = outcome.recorded;
  return {
    body: { operationId: id, balance: balanceAfter(event, caller.account), position: outcome.position },
    headers: replayHeader(outcome),
  };
}

/** The balance right after this event, as the event itself has it: the same however often it is asked for. */
function balanceAfter(event: LedgerEvent, account: string): string {
  const posting = isMoneyEvent(event) ? event.postings.find((one) => one.account === account) : undefined;
  if (posting === undefined) throw new Error(`${event.type} has no posting on the account that asked for it`);
  return formatAmount(posting.balance, requestCurrency);
}
