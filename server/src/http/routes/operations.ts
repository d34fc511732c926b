/** The routes of an operator: freeze, unfreeze, unlock, close, and the reversal of an entry. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { decode } from '../../../../ledger/src/domain/codec.ts';
import type { Command } from '../../../../ledger/src/domain/commands.ts';
import { isMoneyEvent } from '../../../../ledger/src/domain/events.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { PinGate } from '../../access/pin-gate.ts';
import type { Sessions } from '../../access/sessions.ts';
import type { Call } from '../contract/call.ts';
import * as contract from '../contract/operations.ts';
import { commandIds, replayHeader, requestHash } from '../idempotency.ts';
import type { Asked, Result, Route } from '../serve.ts';
import { route } from '../serve.ts';
import { submit } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly journal: Journal;
  readonly pinGate: PinGate;
  readonly sessions: Sessions;
  readonly requestKey: KeyObject;
};

type Done = Result<{ position: number }>;

export const operationRoutes = (parts: Parts): readonly Route[] => [
  // The journal first: what was done without a trace would be worse than what has to be done again.
  onAccount(parts, contract.freezeAccount, 'FreezeAccount', (account) => parts.sessions.endAll(account)),
  onAccount(parts, contract.unfreezeAccount, 'UnfreezeAccount'),
  onAccount(parts, contract.closeAccount, 'CloseAccount', (account) => parts.sessions.endAll(account)),
  onAccount(parts, contract.unlockAccess, 'UnlockAccess', (account) => parts.pinGate.unlock(account)),
  route(contract.reverseEntry, async (asked) => {
    const position = Number(asked.params.entryId.split('.')[0]);
    const [stored] = await parts.journal.readAt([position]);
    const event = stored && decode(stored).event;
    if (event === undefined || !isMoneyEvent(event)) return { code: 'entry_not_found' };
    const { postings, currency } = event;
    return act(parts, contract.reverseEntry, asked, {
      type: 'ReverseEntry',
      ...{ position, postings, currency, reason: asked.body.reason },
    });
  }),
];

/** `effect`: what follows at the doors. The same command again does it again, should it have been cut short. */
const onAccount = (
  parts: Parts,
  call: (typeof contract)['freezeAccount' | 'unfreezeAccount' | 'closeAccount' | 'unlockAccess'],
  type: 'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount' | 'UnlockAccess',
  effect?: (account: string) => Promise<void>,
): Route =>
  route(call, async (asked) => {
    const done = await act(parts, call, asked, { type, ...asked.params, ...asked.body });
    if (!('code' in done)) await effect?.(asked.params.account);
    return done;
  });

async function act(
  { bookkeeper, requestKey }: Parts,
  call: Call,
  {
    caller: { username },
    key,
    params,
    body,
    terminal,
    correlationId,
  }: Pick<Asked<typeof contract.freezeAccount>, 'caller' | 'key' | 'body' | 'terminal' | 'correlationId'> & {
    readonly params: Readonly<Record<string, string>>;
  },
  command: Command,
): Promise<Done> {
  const outcome = await submit(bookkeeper, {
    command,
    commandId: commandIds.ofStaff(username, key),
    requestHash: requestHash(requestKey, call, { ...params, ...body }),
    actor: `staff:${username}`,
    terminal,
    correlationId,
  });
  if ('code' in outcome) return outcome;
  return { body: { position: outcome.position }, headers: replayHeader(outcome) };
}
