/** A customer of the drill: opens an account, moves money, changes the PIN, reads the balance; one thing after the other. */
import { randomUUID } from 'node:crypto';
import { changePin, openAccount, readOwnAccount } from '../../../api/src/calls/accounts.ts';
import { deposit, transfer, withdraw } from '../../../api/src/calls/money.ts';
import { logIn } from '../../../api/src/calls/sessions.ts';
import { isTrivialPin } from '../../../api/src/trivial-pin.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import { commandIds } from '../../../server/src/http/idempotency.ts';
import type { Chance } from './chance.ts';
import type { Reply } from './client.ts';
import type { ServerName } from './drilled-bank.ts';
import type { Recorder } from './recorder.ts';
import { answerIn, askUntilAnswered, carryOut, minorOf } from './recorder.ts';

/** What all clients know of each other's accounts. */
export type Town = {
  /** Every account's number. */
  readonly accounts: string[];
  /** Of nobody, and without money: there to be closed. */
  readonly spare: string[];
  /** Positions of money events that may be reversed. */
  readonly reversible: number[];
};

/** So many are remembered for a reversal. */
const mostReversible = 1_000;

const profile = {
  ...{ lastName: 'Dupont-Évrard', firstName: 'Zoé', address: '12 rue des Lilas', postalCode: '75011', city: 'Paris' },
  accountType: 'current',
};

export type Customer = {
  readonly account: string;
  pin: string;
  /** A PIN that may be in use instead: its change was never answered. */
  otherPin: string | undefined;
  token: string | undefined;
  /** The last position this customer knows of. */
  seen: number;
};

function choosePin(chance: Chance, account: string): string {
  for (;;) {
    const pin = String(chance.whole(0, 9_999)).padStart(4, '0');
    if (!isTrivialPin(pin, account)) return pin;
  }
}

/** Undefined when nobody answered. */
export async function openOne(recorder: Recorder, town: Town, chance: Chance): Promise<Customer | undefined> {
  const key = randomUUID();
  const pin = choosePin(chance, '');
  const reply = await carryOut(
    recorder,
    openAccount,
    { sent: () => ({ key, body: { ...profile, pin } }), chance },
    {
      commands: [{ call: 'openAccount', commandId: commandIds.ofOpening('desk', key), event: 'AccountOpened' }],
      answersIn: (answer) => [answerIn(answer)],
    },
  );
  if (reply?.status !== 201) return undefined;
  const account = String(reply.body['accountNumber']);
  town.accounts.push(account);
  return { account, pin, otherPin: undefined, token: undefined, seen: Number(reply.body['position']) };
}

/** False where there is no session to be had any more. */
export async function beginSession(recorder: Recorder, customer: Customer, chance: Chance): Promise<boolean> {
  const { account } = customer;
  for (const pin of [customer.pin, customer.otherPin]) {
    if (pin === undefined) continue;
    const reply = await askUntilAnswered(recorder, logIn, {
      sent: () => ({ body: { accountNumber: account, pin } }),
      chance,
    });
    if (reply?.status !== 201) continue;
    customer.pin = pin;
    customer.otherPin = undefined;
    customer.token = String(reply.body['token']);
    return true;
  }
  return false;
}

type Money = { readonly call: typeof deposit | typeof withdraw | typeof transfer; readonly to?: string };

/** Gives the reply of the one command it sends. */
export async function moveMoney(
  recorder: Recorder,
  town: Town,
  customer: Customer,
  { call, to, amountMinor, chance, server }: Money & { amountMinor: bigint; chance: Chance; server?: ServerName },
): Promise<Reply | undefined> {
  const { account } = customer;
  const key = randomUUID();
  const events = { deposit: 'Deposited', withdraw: 'Withdrawn', transfer: 'Transferred' } as const;
  const own = { account, amountMinor: call.id === 'deposit' ? amountMinor : -amountMinor };
  const reply = await carryOut(
    recorder,
    call,
    {
      ...(server !== undefined && { server }),
      sent: () => ({
        ...{ key, token: customer.token },
        body: { amount: formatAmount(amountMinor, 'EUR'), pin: customer.pin, ...(to !== undefined && { to }) },
      }),
      renew: () => beginSession(recorder, customer, chance),
      chance,
    },
    {
      commands: [
        {
          ...{ call: call.id, commandId: commandIds.ofAccount(account, key), event: events[call.id] },
          changes: to === undefined || to === account ? [own] : [own, { account: to, amountMinor }],
        },
      ],
      answersIn: (answer) => [answerIn(answer)],
    },
  );
  if (reply?.status === 201) {
    customer.seen = Math.max(customer.seen, Number(reply.body['position']));
    town.reversible.push(customer.seen);
    if (town.reversible.length > mostReversible) town.reversible.shift();
  }
  return reply;
}

async function changeOwnPin(recorder: Recorder, customer: Customer, chance: Chance): Promise<void> {
  const { account, pin } = customer;
  const newPin = choosePin(chance, account);
  if (newPin === pin) return;
  const key = randomUUID();
  customer.otherPin = newPin;
  const reply = await carryOut(
    recorder,
    changePin,
    {
      sent: () => ({ key, token: customer.token, body: { pin, newPin } }),
      // Where the new PIN lets in, the change is done, and cannot be asked for again with the old one.
      renew: async () => (await beginSession(recorder, customer, chance)) && customer.pin === pin,
      chance,
    },
    {
      commands: [
        {
          ...{ call: 'changePin', commandId: commandIds.ofAccount(account, key), event: 'PinChanged', account },
        },
      ],
      answersIn: (answer) => [answerIn(answer)],
      isReplayable: false,
    },
  );
  if (reply?.status !== 204) return;
  customer.pin = newPin;
  customer.otherPin = undefined;
}

/** Reads the own balance, which includes everything this customer knows of. */
export async function readOwn(
  recorder: Recorder,
  customer: Customer,
  { chance, server }: { readonly chance: Chance; readonly server?: ServerName },
): Promise<boolean> {
  const { account, seen: after } = customer;
  const reply = await askUntilAnswered(recorder, readOwnAccount, {
    ...(server !== undefined && { server }),
    sent: () => ({ token: customer.token, query: { after: String(after) } }),
    renew: () => beginSession(recorder, customer, chance),
    chance,
  });
  if (reply?.status !== 200) return false;
  const position = Number(reply.body['position']);
  const reader = `customer ${account}`;
  recorder.reads.push({ reader, account, after, position, balanceMinor: minorOf(reply.body['balance']) });
  customer.seen = Math.max(after, position);
  return true;
}

/** Between two commands a person does something else. */
const restMs = 20;

/** Goes on until the recorder's signal; with another account where the own one was closed. */
export async function liveAsCustomer(recorder: Recorder, town: Town, chance: Chance): Promise<void> {
  let self: Customer | undefined;
  while (!recorder.signal.aborted) {
    self ??= await openOne(recorder, town, chance);
    if (self === undefined) continue;
    if (self.token === undefined && !(await beginSession(recorder, self, chance))) {
      self = undefined;
      continue;
    }
    const isClosed = await doSomething(recorder, town, self, chance);
    if (isClosed) self = undefined;
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/** True when the account was closed. */
async function doSomething(recorder: Recorder, town: Town, self: Customer, chance: Chance): Promise<boolean> {
  const draw = chance.whole(1, 100);
  const amountMinor = BigInt(chance.whole(1, 9_000));
  let reply: Reply | undefined;
  if (draw <= 30) reply = await moveMoney(recorder, town, self, { call: deposit, amountMinor, chance });
  else if (draw <= 45) reply = await moveMoney(recorder, town, self, { call: withdraw, amountMinor, chance });
  else if (draw <= 80) {
    const to = chance.pick(town.accounts) ?? self.account;
    reply = await moveMoney(recorder, town, self, { call: transfer, to, amountMinor, chance });
  } else if (draw <= 83) {
    const spare = await openOne(recorder, town, chance);
    if (spare !== undefined) town.spare.push(spare.account);
  } else if (draw <= 85) await changeOwnPin(recorder, self, chance);
  else await readOwn(recorder, self, { chance });
  const { code, account } = reply?.body ?? {};
  return code === 'account_closed' && (account === undefined || account === self.account);
}
