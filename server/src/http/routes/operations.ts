/** The routes of an operator: freeze, unfreeze, unlock, PIN reset, close, and the reversal of an entry. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { decode } from '../../../../ledger/src/domain/codec.ts';
import type { Command } from '../../../../ledger/src/domain/commands.ts';
import { isMoneyEvent } from '../../../../ledger/src/domain/events.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { PinAuthenticator } from '../../access/pin-authenticator.ts';
import type { Sessions } from '../../access/sessions.ts';
import type { ApiRejection } from '../../../../api/src/problems.ts';
import type { Call } from '../../../../api/src/call.ts';
import * as contract from '../../../../api/src/calls/operations.ts';
import { commandIds, replayHeader, requestHash } from '../idempotency.ts';
import type { RequestContext, Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { submit } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly journal: Journal;
  readonly pinAuthenticator: PinAuthenticator;
  readonly sessions: Sessions;
  readonly requestKey: KeyObject;
};

type Done = { readonly body: { readonly position: number }; readonly headers: Record<string, string> } | ApiRejection;

export const operationRoutes = (parts: Parts): readonly Route[] => [
  // The journal first: what was done without a trace would be worse than what has to be done again.
  onAccount(parts, contract.freezeAccount, 'FreezeAccount', (account) => parts.sessions.endAll(account)),
  onAccount(parts, contract.unfreezeAccount, 'UnfreezeAccount'),
  onAccount(parts, contract.closeAccount, 'CloseAccount', (account) => parts.sessions.endAll(account)),
  onAccount(parts, contract.unlockAccess, 'UnlockAccess', (account) => parts.pinAuthenticator.unlock(account)),
  route(contract.resetPin, async (context) => {
    const { account } = context.params;
    const done = await act(parts, contract.resetPin, context, { type: 'RecordPinChange', account, ...context.body });
    if ('code' in done) return done;
    const { position } = done.body;
    const pin = parts.pinAuthenticator.oneTimePin(account, commandIds.ofStaff(context.caller.username, context.key));
    await parts.pinAuthenticator.reset({ account, pin, position });
    return { ...done, body: { oneTimePin: pin, position } };
  }),
  route(contract.reverseEntry, async (context) => {
    const position = Number(context.params.entryId.split('.')[0]);
    const [stored] = await parts.journal.readAt([position]);
    const event = stored && decode(stored).event;
    if (event === undefined || !isMoneyEvent(event)) return { code: 'entry_not_found' };
    const { postings, currency } = event;
    return act(parts, contract.reverseEntry, context, {
      type: 'ReverseEntry',
      ...{ position, postings, currency, reason: context.body.reason },
    });
  }),
];

/** `effect`: what follows for whoever logs in. The same command again does it again, should it have been cut short. */
const onAccount = (
  parts: Parts,
  call: (typeof contract)['freezeAccount' | 'unfreezeAccount' | 'closeAccount' | 'unlockAccess'],
  type: 'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount' | 'UnlockAccess',
  effect?: (account: string) => Promise<void>,
): Route =>
  route(call, async (context) => {
    const done = await act(parts, call, context, { type, ...context.params, ...context.body });
    if (!('code' in done)) await effect?.(context.params.account);
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
  }: Pick<RequestContext<typeof contract.freezeAccount>, 'caller' | 'key' | 'body' | 'terminal' | 'correlationId'> & {
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
