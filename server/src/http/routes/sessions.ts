/** The routes that begin and end a customer's session. */
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import type { PinGate } from '../../access/pin-gate.ts';
import type { Sessions } from '../../access/sessions.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import { newToken } from '../../access/tokens.ts';
import { cookies, dropCookie, setCookie } from '../authentication.ts';
import { refusalOf } from '../confirm-pin.ts';
import { logIn, logOut } from '../contract/sessions.ts';
import type { Route } from '../serve.ts';
import { route } from '../serve.ts';
import { holderOf } from '../view.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly readModel: ReadModel;
  readonly sessions: Sessions;
  readonly pinGate: PinGate;
  readonly security: SecurityLog;
};

/** A log-in waits this long for the read model to know what this server knows; then it shows what there is. */
const freshWithinMs = 1_000;

export const sessionRoutes = ({ bookkeeper, readModel, sessions, pinGate, security }: Parts): readonly Route[] => [
  route(logIn, async ({ body, former, terminal, correlationId }) => {
    const { accountNumber: account, pin } = body;
    const verdict = await pinGate.check(account, pin);
    const refused = refusalOf(verdict, { bookkeeper, security }, { account, terminal, correlationId });
    if (refused !== undefined) return refused;
    await readModel.waitFor(bookkeeper.head, freshWithinMs);
    const overview = await readModel.account(account);
    // The PIN fits, so the account was opened: the read model is only late.
    if (overview === undefined) return { code: 'overloaded', retryAfterSeconds: 2 };
    const token = newToken();
    const expiresAt = await sessions.begin({ account, token, pinDigest: pinGate.sessionDigest(account, token, pin) });
    if (former !== undefined) await sessions.end(former);
    const { balance, currency } = overview;
    return {
      body: {
        token,
        accountNumber: account,
        holder: holderOf(overview),
        balance: formatAmount(balance, currency),
        currency,
        expiresAt,
      },
      headers: setCookie(cookies.customer, token, expiresAt),
    };
  }),

  route(logOut, async ({ caller }) => {
    await sessions.end(caller.token);
    return { body: undefined, headers: dropCookie(cookies.customer) };
  }),
];
