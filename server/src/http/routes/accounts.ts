/** The routes on one's own account: opening it, seeing it, its entries and its statement. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Vault } from '../../../../ledger/src/vault/vault.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import type { PinAuthenticator } from '../../access/pin-authenticator.ts';
import {
  changePin,
  downloadStatement,
  openAccount,
  readOwnAccount,
  readOwnEntries,
} from '../../../../api/src/calls/accounts.ts';
import { requestCurrency } from '../../../../api/src/fields.ts';
import { pinRejection } from '../../access/pin-rejection.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import { isTrivialPin } from '../../../../api/src/trivial-pin.ts';
import { commandIds, isUuid, openingKeyMistake, replayHeader, requestHashWithPin } from '../idempotency.ts';
import type { RequestContext, Result, Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { statementCsv } from '../exports/statement-csv.ts';
import { holderOf, page, viewEntry } from '../view.ts';
import { waitForPosition, submit } from '../waiting.ts';

type Parts = {
  readonly timeZone: string;
  readonly bookkeeper: Bookkeeper;
  readonly readModel: ReadModel;
  /** For what goes on for long. */
  readonly streams: { readonly readModel: ReadModel };
  readonly vault: Vault;
  readonly pinAuthenticator: PinAuthenticator;
  readonly security: SecurityLog;
  readonly requestKey: KeyObject;
};

export const accountRoutes = (parts: Parts): readonly Route[] => [
  route(openAccount, (context) => open(parts, context)),

  route(changePin, (context) => replacePin(parts, context)),

  route(readOwnAccount, async ({ caller, query }) => {
    const { readModel } = parts;
    const late = await waitForPosition(readModel, query.after);
    if (late !== undefined) return late;
    // Asked first: what is read afterwards includes at least this position.
    const position = await readModel.position();
    const overview = await readModel.account(caller.account);
    if (overview?.accountType === undefined) return { code: 'account_not_found', account: caller.account };
    const { account: accountNumber, accountType, balance, currency, status } = overview;
    return {
      body: {
        accountNumber,
        holder: holderOf(overview),
        accountType,
        balance: formatAmount(balance, currency),
        currency,
        status,
        timeZone: parts.timeZone,
        position,
      },
    };
  }),

  route(readOwnEntries, async ({ caller, query: { limit, before, after } }) => {
    const late = await waitForPosition(parts.readModel, after);
    if (late !== undefined) return late;
    const found = await parts.readModel.entries(caller.account, {
      limit: limit + 1,
      ...(before !== undefined && { before }),
    });
    const { items, next } = page(found, limit, ({ version }) => String(version));
    return { body: { entries: items.map(viewEntry), next } };
  }),

  route(downloadStatement, async ({ caller, query }) => {
    const late = await waitForPosition(parts.readModel, query.after);
    if (late !== undefined) return late;
    return {
      pieces: statementCsv(parts.streams.readModel.allEntries(caller.account)),
      headers: { 'Content-Disposition': `attachment; filename="statement-${caller.account}.csv"` },
    };
  }),
];

type Opened = { accountNumber: string; position: number };

async function open(
  { bookkeeper, vault, pinAuthenticator, requestKey }: Parts,
  { body, received, key, terminal, isCertified, correlationId }: RequestContext<typeof openAccount>,
): Promise<Result<Opened>> {
  if (!isCertified && !isUuid(key)) return { code: 'validation_failed', errors: [openingKeyMistake] };
  const { pin, accountType, landline, mobile, ...rest } = body;
  const profile = { ...rest, ...(landline !== undefined && { landline }), ...(mobile !== undefined && { mobile }) };
  const sealed = await vault.seal(profile);
  const outcome = await submit(bookkeeper, {
    command: { type: 'OpenAccount', customer: sealed, accountType, currency: requestCurrency, floor: 0n },
    commandId: commandIds.ofOpening(terminal, key),
    requestHash: requestHashWithPin(requestKey, openAccount, received),
    actor: `terminal:${terminal}`,
    terminal,
    correlationId,
  });
  // A key that sealed nothing in the journal is of no use; while the outcome is unknown it may have.
  const unused = 'code' in outcome ? outcome.code !== 'unavailable' : outcome.replayed;
  if (unused) await vault.destroy(sealed.keyId);
  if ('code' in outcome) return outcome;
  const account = outcome.recorded.map(({ event }) => event).find((event) => event.type === 'AccountOpened')?.account;
  if (account === undefined) throw new Error(`the opening at position ${String(outcome.position)} opened no account`);
  // Also when this is the first answer again: the one before may have ended between the opening and the PIN.
  await pinAuthenticator.enrol(account, pin);
  return { body: { accountNumber: account, position: outcome.position }, headers: replayHeader(outcome) };
}

async function replacePin(
  { bookkeeper, pinAuthenticator, security, requestKey }: Parts,
  { caller, body, received, key, terminal, address, correlationId }: RequestContext<typeof changePin>,
): Promise<Result<undefined>> {
  const { account, token } = caller;
  const { pin, newPin } = body;
  if (newPin === pin || isTrivialPin(newPin, account)) {
    const problem = newPin === pin ? 'must be another than the old one' : 'is part of the account’s number';
    return { code: 'validation_failed', errors: [{ where: 'body.newPin', problem }] };
  }
  const confirmed = await pinAuthenticator.confirmChange(caller, body);
  if (!confirmed.ok) {
    return pinRejection(confirmed, { bookkeeper, security }, { account, terminal, address, correlationId });
  }
  // The journal first; the same command again finishes a change that was cut short.
  const outcome = await submit(bookkeeper, {
    command: { type: 'RecordPinChange', account },
    commandId: commandIds.ofAccount(account, key),
    requestHash: requestHashWithPin(requestKey, changePin, received),
    actor: `session:${account}`,
    terminal,
    correlationId,
  });
  if ('code' in outcome) return outcome;
  await pinAuthenticator.change({ account, pin: newPin, position: outcome.position }, token);
  return { body: undefined, headers: replayHeader(outcome) };
}
