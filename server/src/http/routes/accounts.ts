/** The routes on one's own account: opening it, seeing it, its entries and its statement. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Vault } from '../../../../ledger/src/vault/vault.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import type { PinGate } from '../../access/pin-gate.ts';
import { downloadStatement, openAccount, readOwnAccount, readOwnEntries } from '../contract/accounts.ts';
import { requestCurrency } from '../contract/fields.ts';
import { commandIds, replayHeader, requestHash } from '../idempotency.ts';
import type { Asked, Result, Route } from '../serve.ts';
import { route } from '../serve.ts';
import { statement } from '../statement.ts';
import { holderOf, page, viewEntry } from '../view.ts';
import { reach, submit } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly readModel: ReadModel;
  readonly vault: Vault;
  readonly pinGate: PinGate;
  readonly requestKey: KeyObject;
};

export const accountRoutes = (parts: Parts): readonly Route[] => [
  route(openAccount, (asked) => open(parts, asked)),

  route(readOwnAccount, async ({ caller, query }) => {
    const { readModel } = parts;
    const late = await reach(readModel, query.after);
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
        position,
      },
    };
  }),

  route(readOwnEntries, async ({ caller, query: { limit, before, after } }) => {
    const late = await reach(parts.readModel, after);
    if (late !== undefined) return late;
    const found = await parts.readModel.entries(caller.account, {
      limit: limit + 1,
      ...(before !== undefined && { before }),
    });
    const { items, next } = page(found, limit, ({ version }) => String(version));
    return { body: { entries: items.map(viewEntry), next } };
  }),

  route(downloadStatement, async ({ caller, query }) => {
    const late = await reach(parts.readModel, query.after);
    if (late !== undefined) return late;
    return {
      pieces: statement(parts.readModel.allEntries(caller.account)),
      headers: { 'Content-Disposition': `attachment; filename="statement-${caller.account}.csv"` },
    };
  }),
];

type Opened = { accountNumber: string; position: number };

async function open(
  { bookkeeper, vault, pinGate, requestKey }: Parts,
  { body, received, key, terminal, correlationId }: Asked<typeof openAccount>,
): Promise<Result<Opened>> {
  const { pin, accountType, landline, mobile, ...rest } = body;
  const profile = { ...rest, ...(landline !== undefined && { landline }), ...(mobile !== undefined && { mobile }) };
  const sealed = await vault.seal(profile);
  const outcome = await submit(bookkeeper, {
    command: { type: 'OpenAccount', customer: sealed, accountType, currency: requestCurrency, floor: 0n },
    commandId: commandIds.ofOpening(terminal, key),
    requestHash: requestHash(requestKey, openAccount, received),
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
  await pinGate.enrol(account, pin);
  return { body: { accountNumber: account, position: outcome.position }, headers: replayHeader(outcome) };
}
