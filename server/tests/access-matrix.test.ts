/** Every route × everyone who may come: nobody gets in where they do not belong, and a new route needs a rule here. */
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freezeAccount, resetPin } from '../../api/src/calls/operations.ts';
import { logIn, logOut } from '../../api/src/calls/sessions.ts';
import { logOutStaff } from '../../api/src/calls/staff.ts';
import { openApiDocument } from '../../api/src/calls/system.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

const roles = [
  ...['nobody', 'customer', 'auditor', 'operator'],
  ...['customer whose session expired', 'customer whose session was revoked', 'customer who logged out'],
  ...['customer who must change the PIN', 'customer whose PIN was reset'],
  ...['auditor whose session expired', 'auditor who logged out', 'operator who left the staff', 'made-up token'],
] as const;
type Role = (typeof roles)[number];

const anyone: readonly Role[] = roles;
const customers: readonly Role[] = ['customer'];
/** Also before the PIN is changed. */
const anyCustomers: readonly Role[] = ['customer', 'customer who must change the PIN'];
const auditors: readonly Role[] = ['auditor', 'operator'];
const operators: readonly Role[] = ['operator'];

/** Who may make each call, said a second time and independently of the contract. */
const rules: Readonly<Record<string, readonly Role[]>> = {
  ...{ openAccount: anyone, logIn: anyone, logInStaff: anyone },
  ...{ readCheckpoint: anyone, readTile: anyone, readEntryBundle: auditors, readEventBundle: auditors },
  ...{ readOwnProof: customers, readOwnProofCode: customers, auditProof: auditors },
  ...{ live: anyone, ready: anyone, fresh: anyone, metrics: anyone, openApiDocument: anyone },
  ...{ logOut: anyCustomers, logOutEverywhere: anyCustomers, changePin: anyCustomers },
  ...{ readOwnAccount: customers, readOwnEntries: customers, downloadStatement: customers },
  ...{ deposit: customers, withdraw: customers, previewTransfer: customers, transfer: customers },
  ...{ readStaffSession: auditors, logOutStaff: auditors, searchAccounts: auditors, auditAccount: auditors },
  ...{ auditEvents: auditors, auditState: auditors, auditStateSummary: auditors, auditEntries: auditors },
  ...{ trialBalance: auditors, readOverview: auditors, readBalanceHistory: auditors, followFeed: auditors },
  ...{
    beginVerification: auditors,
    listVerifications: auditors,
    followVerification: auditors,
    readVerification: auditors,
  },
  ...{ exportEntries: auditors, exportEvents: auditors, exportStatement: auditors },
  ...{ transferBatch: operators, freezeAccount: operators, unfreezeAccount: operators, unlockAccess: operators },
  ...{ resetPin: operators, closeAccount: operators, reverseEntry: operators },
  ...{ closeAccount: operators, reverseEntry: operators },
  ...{ listProposals: auditors, readProposal: auditors, approveProposal: operators, rejectProposal: operators },
};
/** Made at a terminal: without its certificate nobody gets even that far where terminals are required. */
const atTerminals = [
  'openAccount',
  'logIn',
  'readOwnAccount',
  'readOwnEntries',
  'readOwnProof',
  'readOwnProofCode',
  'downloadStatement',
  'changePin',
].concat([...['deposit', 'withdraw', 'previewTransfer', 'transfer']]);

type Operation = { readonly id: string; readonly method: string; readonly path: string };

let bank: Bank;
let strictOrigin: string;
let operations: readonly Operation[];
let agent: Agent;
beforeAll(async () => {
  bank = await openBank();
  agent = new Agent({ connect: { ca: bank.authority.ca } });
  strictOrigin = (await bank.startServer({ terminals: 'required' })).client.origin;
  const { paths } = (await bank.client.call(openApiDocument)).body as unknown as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
    })),
  );
});
afterAll(async () => {
  await agent.close();
  await bank.close();
});

/** A token of such a role, new for each call, since some calls end it. */
async function tokenOf(role: Role): Promise<string | undefined> {
  switch (role) {
    case 'nobody':
      return undefined;
    case 'made-up token':
      return 'A'.repeat(43);
    case 'auditor':
    case 'operator':
      return bank.staff(role);
    case 'auditor who logged out': {
      const token = await bank.staff('auditor');
      await bank.client.call(logOutStaff, { token });
      return token;
    }
    case 'auditor whose session expired': {
      const token = await bank.staff('auditor');
      await bank.database.query('update access.staff_sessions set expires_at = now()');
      return token;
    }
    case 'operator who left the staff': {
      const token = await bank.staff('operator');
      await bank.database.query(`delete from access.staff where role = 'operator'`);
      return token;
    }
    case 'customer who must change the PIN': {
      const { account } = await bank.customer();
      const body = { reason: 'forgotten' };
      const reset = await bank.client.call(resetPin, {
        token: await bank.staff('operator'),
        params: { account },
        body,
      });
      const pin = reset.body.oneTimePin;
      return (await bank.client.call(logIn, { body: { accountNumber: account, pin } })).body.token;
    }
    default: {
      const { token, account } = await bank.customer();
      if (role === 'customer whose PIN was reset') {
        const body = { reason: 'forgotten' };
        await bank.client.call(resetPin, { token: await bank.staff('operator'), params: { account }, body });
      }
      if (role === 'customer who logged out') await bank.client.call(logOut, { token });
      if (role === 'customer whose session was revoked') {
        const freeze = { token: await bank.staff('operator'), params: { account }, body: { reason: 'stolen' } };
        await bank.client.call(freezeAccount, freeze);
      }
      if (role === 'customer whose session expired') {
        await bank.database.query('update access.sessions set expires_at = now() where account = $1', [account]);
      }
      return token;
    }
  }
}

/** The code of the rejection, or that it was let in: a body that is no good is nobody's concern here. */
async function knock(origin: string, { method, path }: Operation, token: string | undefined): Promise<string> {
  const filled = path.replace('{account}', '1').replace('{entryId}', '1.0').replace('{id}', '999999');
  const reply = await request(origin + filled, {
    ...{ dispatcher: agent, method: method as 'GET' },
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
    },
    ...(method === 'POST' && { body: '{}' }),
  });
  if (reply.statusCode < 400) {
    // The live feed has no end.
    reply.body.on('error', () => undefined).destroy();
    return 'let in';
  }
  const { code } = (await reply.body.json()) as { code: string };
  return ['unauthenticated', 'forbidden', 'pin_change_required'].includes(code) ? code : 'let in';
}

test('every route has a rule, and every rule a route', () => {
  expect(operations.map(({ id }) => id).sort()).toEqual(Object.keys(rules).sort());
});

describe.each(roles)('%s', (role) => {
  test('gets in where the rules say so, and nowhere else', async () => {
    for (const operation of operations) {
      const isAllowed = rules[operation.id]?.includes(role) === true;
      const answer = await knock(bank.client.origin, operation, await tokenOf(role));
      // An auditor is known, and told that the call is not theirs; everybody else is not known at all.
      const isTooEarly = role === 'customer who must change the PIN' && rules[operation.id] === customers;
      const isAuditors = role === 'auditor' && rules[operation.id] === operators;
      const rejection = isTooEarly ? 'pin_change_required' : isAuditors ? 'forbidden' : 'unauthenticated';
      expect(`${operation.id}: ${answer}`).toBe(`${operation.id}: ${isAllowed ? 'let in' : rejection}`);
    }
  });
});

test('no customer’s route takes an account: each knows one account only, the session’s', () => {
  const own = operations.filter(({ id }) => rules[id] === customers || rules[id] === anyCustomers);
  expect(own.filter(({ path }) => path.includes('{'))).toEqual([]);
  // What each gives out, whatever is sent along: session-safety.test.ts.
  expect(own).toHaveLength(12);
});

test('where terminals are required, no customer’s call gets in without a terminal’s certificate', async () => {
  const token = await tokenOf('customer');
  for (const operation of operations.filter(({ id }) => atTerminals.includes(id))) {
    expect(`${operation.id}: ${await knock(strictOrigin, operation, token)}`).toBe(`${operation.id}: forbidden`);
  }
});
