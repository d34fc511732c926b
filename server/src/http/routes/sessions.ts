/** The routes that begin and end a customer's session. */
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import type { PinAuthenticator } from '../../access/pin-authenticator.ts';
import { pinRejection } from '../../access/pin-rejection.ts';
import type { Sessions } from '../../access/sessions.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import type { SourceFailures } from '../../access/source-failures.ts';
import { newToken } from '../../access/tokens.ts';
import { cookies, dropCookie, setCookie } from '../authentication.ts';
import { logIn, logOut, logOutEverywhere } from '../../../../api/src/calls/sessions.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { holderOf } from '../view.ts';

type Parts = {
  readonly timeZone: string;
  readonly bookkeeper: Bookkeeper;
  readonly readModel: ReadModel;
  readonly sessions: Sessions;
  readonly pinAuthenticator: PinAuthenticator;
  readonly sourceFailures: SourceFailures;
  readonly security: SecurityLog;
};

/** A log-in waits this long for the read model to know what this server knows; then it shows what there is. */
const freshWithinMs = 1_000;

export const sessionRoutes = ({
  timeZone,
  bookkeeper,
  readModel,
  sessions,
  pinAuthenticator,
  sourceFailures,
  security,
}: Parts): readonly Route[] => [
  route(logIn, async ({ body, formerToken, terminal, address, source, correlationId }) => {
    const { accountNumber: account, pin } = body;
    const wait = await sourceFailures.wait(source);
    if (wait !== undefined) return { code: 'too_many_requests', retryAfterSeconds: wait };
    const checked = await pinAuthenticator.check(account, pin);
    if (!checked.ok) {
      if (checked.rejection.code === 'pin_invalid') await sourceFailures.count(source);
      return pinRejection(checked, { bookkeeper, security }, { account, terminal, address, correlationId });
    }
    const { pinPosition, mustChange: mustChangePin } = checked;
    await readModel.waitFor(bookkeeper.head, freshWithinMs);
    const overview = await readModel.account(account);
    // The PIN fits, so the account was opened: the read model is only late.
    if (overview === undefined) return { code: 'read_model_behind', retryAfterSeconds: 2 };
    const token = newToken();
    const expiresAt = await sessions.begin({
      account,
      token,
      ...{ pinPosition, terminal, mustChangePin },
      pinDigest: pinAuthenticator.sessionDigest(account, token, pin),
    });
    if (formerToken !== undefined) await sessions.end(formerToken);
    const { balance, currency } = overview;
    return {
      body: {
        token,
        accountNumber: account,
        holder: holderOf(overview),
        balance: formatAmount(balance, currency),
        currency,
        expiresAt,
        timeZone,
        ...(mustChangePin && { mustChangePin }),
      },
      headers: setCookie(cookies.customer, token, expiresAt),
    };
  }),

  route(logOut, async ({ caller }) => {
    await sessions.end(caller.token);
    return { body: undefined, headers: dropCookie(cookies.customer) };
  }),

  route(logOutEverywhere, async ({ caller }) => {
    await sessions.endAll(caller.account);
    return { body: undefined, headers: dropCookie(cookies.customer) };
  }),
];
