/** Four eyes: above the limit a batch waits for another operator, whose approval carries it out once, on whichever server. */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transferBatch } from '../../api/src/calls/batch.ts';
import { approveProposal, listProposals, readProposal, rejectProposal } from '../../api/src/calls/proposals.ts';
import { encode, schemaVersion } from '../../ledger/src/domain/codec.ts';
import type { ActionProposed } from '../../ledger/src/domain/events.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { freePort } from '../../operations/src/free-port.ts';
import { canonicalJson } from '../src/http/idempotency.ts';
import { contentHash } from '../src/proposals/proposals.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';
import type { Client } from './support/client.ts';
import { connect } from './support/client.ts';

/** 5.00 in one call. */
const batchLimitMinor = 500n;
let bank: Bank;
let second: Client;
let proposer: string;
let approver: string;
let auditor: string;
beforeAll(async () => {
  bank = await openBank({ batchLimitMinor });
  second = (await bank.startServer()).client;
  [proposer, approver] = [await bank.staff('operator'), await bank.staff('operator')];
  auditor = await bank.staff('auditor');
});
afterAll(() => bank.close());

const accounts = async () => [await bank.customer({ amountMinor: 10_000n }), await bank.customer()] as const;

type Transfers = readonly {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: string;
}[];

const send = (transfers: Transfers, key: string = randomUUID(), reason = 'salaries of May') =>
  bank.client.call(transferBatch, { token: proposer, key, body: { reason, transfers } });

/** A proposal of three transfers, one of which will not be possible. */
async function propose() {
  const [one, two] = await accounts();
  const [from, to] = [one.account, two.account];
  const transfers: Transfers = [
    { id: 'a', from, to, amount: '4' },
    { id: 'b', from, to, amount: '99999' },
    { id: 'c', from, to, amount: '1.01' },
  ];
  const { body, status } = await send(transfers);
  return { from, to, transfers, body, status, id: body.proposalId ?? '' };
}

const approve = (id: string, token = approver, client = bank.client) =>
  client.call(approveProposal, { token, params: { id } });
const reject = (id: string, token = approver, reason = 'not agreed') =>
  bank.client.call(rejectProposal, { token, params: { id }, body: { reason } });

/** The transfers from an account, as the journal has them. */
const transfersFrom = async (account: string): Promise<readonly string[]> =>
  (await bank.history()).flatMap(({ event, metadata }) =>
    event.type === 'Transferred' && event.postings[0].account === account ? [metadata.commandId] : [],
  );

test('up to the limit a batch is carried out; above it nothing is, and a proposal is in the journal', async () => {
  const [one, two] = await accounts();
  const [from, to] = [one.account, two.account];
  const within = await send([
    { id: 'a', from, to, amount: '2.50' },
    { id: 'b', from, to, amount: '2.50' },
  ]);
  expect(within.status).toBe(200);
  expect(within.body.results).toHaveLength(2);
  const before = (await bank.history()).length;
  const transfers: Transfers = [
    { id: 'a', from, to, amount: '5' },
    { id: 'b', from, to, amount: '0.01' },
  ];
  const above = await send(transfers);
  expect(above.status).toBe(202);
  expect(above.body.results).toBeUndefined();
  const since = (await bank.history()).slice(before);
  expect(since).toMatchObject([
    {
      position: above.body.position,
      event: {
        type: 'ActionProposed',
        proposal: above.body.proposalId,
        ...{ action: 'batch', reason: 'salaries of May', count: 2, total: 501n, currency: 'EUR' },
      },
    },
  ]);
  expect(since[0]?.metadata.actor).toBe(
    `staff:${since[0]?.event.type === 'ActionProposed' ? since[0].event.proposer : ''}`,
  );
});

test('no negative amount brings a batch below the limit', async () => {
  const [one, two] = await accounts();
  const [from, to] = [one.account, two.account];
  const { status } = await send([
    { id: 'a', from, to, amount: '50' },
    { id: 'b', from, to, amount: '-49' },
  ]);
  expect(status).toBe(202);
  expect(await transfersFrom(from)).toEqual([]);
});

test('the same key and body are one proposal; with another body the key is rejected, also for a batch within the limit', async () => {
  const [one, two] = await accounts();
  const item = { id: 'a', from: one.account, to: two.account };
  const key = randomUUID();
  const many = await Promise.all(Array.from({ length: 5 }, () => send([{ ...item, amount: '6' }], key)));
  expect(new Set(many.map(({ text }) => text)).size).toBe(1);
  expect(many.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
  for (const amount of ['7', '1']) {
    expect((await send([{ ...item, amount }], key)).body.code).toBe('idempotency_key_reused');
  }
  const ordered = randomUUID();
  await send([{ ...item, amount: '1' }], ordered);
  expect((await send([{ ...item, amount: '6' }], ordered)).body.code).toBe('idempotency_key_reused');
  const { body } = await bank.client.call(listProposals, { token: auditor, query: { limit: 100 } });
  expect(body.proposals.filter(({ proposalId }) => proposalId === many[0]?.body.proposalId)).toHaveLength(1);
});

test('another operator sees exactly what they approve, and it is carried out once, each transfer on its own', async () => {
  const { id, from, transfers } = await propose();
  const seen = await bank.client.call(readProposal, { token: approver, params: { id } });
  expect(seen.body.transfers).toEqual(transfers);
  expect(seen.body.proposal).toMatchObject({ state: 'open', count: 3, total: '100004.01', reason: 'salaries of May' });

  const done = await approve(id);
  expect(done.body.results).toEqual([
    { id: 'a', status: 'accepted' },
    { id: 'b', status: 'rejected', code: 'insufficient_funds' },
    { id: 'c', status: 'accepted' },
  ]);
  expect((await approve(id)).body).toEqual(done.body);
  expect(await transfersFrom(from)).toEqual([`proposal:${id}:a`, `proposal:${id}:c`]);

  const after = await bank.client.call(readProposal, { token: auditor, params: { id } });
  expect(after.body.proposal).toMatchObject({ state: 'approved', carriedOutAt: expect.any(String) as string });
  const approved = (await bank.history()).filter(({ event }) => event.type === 'ActionApproved');
  expect(approved.filter(({ event }) => 'proposal' in event && event.proposal === id)).toMatchObject([
    { metadata: { actor: `staff:${after.body.proposal.decision?.by ?? ''}` } },
  ]);
  expect(after.body.proposal.decision?.by).not.toBe(after.body.proposal.proposer);
});

test('whoever proposed may not approve, and may take it back', async () => {
  const { id, from } = await propose();
  expect((await approve(id, proposer)).body).toMatchObject({ code: 'own_proposal', status: 403 });
  expect((await approve(id, proposer, second)).body.code).toBe('own_proposal');
  expect((await reject(id, proposer)).status).toBe(200);
  expect((await approve(id)).body).toMatchObject({ code: 'proposal_decided', status: 409 });
  expect(await transfersFrom(from)).toEqual([]);
});

test('a rejection has a reason and is for good; an approval cannot be rejected any more', async () => {
  const { id, from } = await propose();
  expect((await reject(id, approver, ' ')).body.code).toBe('validation_failed');
  const { body } = await reject(id);
  expect((await reject(id, approver, 'said otherwise')).body).toEqual(body);
  expect((await approve(id)).body.code).toBe('proposal_decided');
  expect(await transfersFrom(from)).toEqual([]);
  const seen = await bank.client.call(readProposal, { token: auditor, params: { id } });
  expect(seen.body.proposal).toMatchObject({ state: 'rejected', decision: { reason: 'not agreed' } });

  const other = await propose();
  await approve(other.id);
  expect((await reject(other.id)).body.code).toBe('proposal_decided');
});

test('two who approve at the same moment, on two servers, and one who rejects: one decision, and each transfer once', async () => {
  const third = await bank.staff('operator');
  for (let round = 0; round < 5; round++) {
    const { id, from } = await propose();
    const [one, two, three] = await Promise.all([approve(id), approve(id, third, second), reject(id)]);
    const decisions = (await bank.history()).filter(
      ({ event }) => (event.type === 'ActionApproved' || event.type === 'ActionRejected') && event.proposal === id,
    );
    expect(decisions).toHaveLength(1);
    if (decisions[0]?.event.type === 'ActionApproved') {
      expect(two.body).toEqual(one.body);
      expect(three.body.code).toBe('proposal_decided');
      expect(await transfersFrom(from)).toEqual([`proposal:${id}:a`, `proposal:${id}:c`]);
    } else {
      expect([one.body.code, two.body.code]).toEqual(['proposal_decided', 'proposal_decided']);
      expect(await transfersFrom(from)).toEqual([]);
    }
  }
});

/** A proposal that ends in so many milliseconds. */
async function proposedToEndIn(remainingMs: number) {
  const [one, two] = await accounts();
  const id = randomUUID();
  const content = canonicalJson({ transfers: [{ id: 'a', from: one.account, to: two.account, amount: '6' }] });
  const expiresAt = new Date(Date.now() + remainingMs).toISOString();
  const event: ActionProposed = {
    type: 'ActionProposed',
    ...{ proposal: id, action: 'batch', reason: 'why', proposer: 'somebody', expiresAt },
    ...{ count: 1, total: 600n, currency: 'EUR', contentHash: contentHash(content) },
  };
  const recordedAt = new Date().toISOString();
  const metadata = {
    ...{ commandId: `test:${id}`, requestHash: '', actor: 'staff:somebody', terminal: 'desk', correlationId: '' },
    ...{ recordedAt, valueDate: recordedAt.slice(0, 10), schemaVersion },
  };
  const journal = openJournal(bank.eventLog, bank.database);
  const after = await journal.head();
  expect(await journal.append([encode(randomUUID(), event, metadata)], { after })).toMatchObject({ appended: true });
  await journal.close();
  const sql = 'insert into operations.proposals (id, content, expires_at, position) values ($1, $2, $3, $4)';
  await bank.database.query(sql, [id, content, expiresAt, after + 1]);
  return { id, from: one.account };
}

test('a proposal is open for 24 hours; after that nobody decides it', async () => {
  const { id } = await propose();
  const { proposal } = (await bank.client.call(readProposal, { token: auditor, params: { id } })).body;
  const openMs = Date.parse(proposal.expiresAt) - Date.parse(proposal.proposedAt);
  expect(openMs / 3_600_000).toBeCloseTo(24, 1);

  const late = await proposedToEndIn(-1);
  expect((await approve(late.id)).body).toMatchObject({ code: 'proposal_expired', status: 409 });
  expect((await reject(late.id)).body.code).toBe('proposal_expired');
  const seen = await bank.client.call(readProposal, { token: auditor, params: { id: late.id } });
  expect(seen.body.proposal.state).toBe('expired');
  const { body } = await bank.client.call(listProposals, { token: auditor, query: { state: 'closed' } });
  expect(body.proposals.map(({ proposalId }) => proposalId)).toContain(late.id);
  expect(await transfersFrom(late.from)).toEqual([]);
});

test('what was approved in time can still be carried on after it would have expired', async () => {
  const { id, from } = await proposedToEndIn(5_000);
  const done = await approve(id);
  expect(done.status).toBe(200);
  await sleep(5_000);
  expect((await approve(id)).body).toEqual(done.body);
  expect(await transfersFrom(from)).toHaveLength(1);
});

test.each([
  ['its content', `update operations.proposals set content = replace(content, '"4"', '"5"') where id = $1`],
  ['the event it leads to', 'update operations.proposals set position = 1 where id = $1'],
  ['a decision that was none', 'update operations.proposals set decision_position = 2 where id = $1'],
])('a row in which %s was altered is noticed, and nothing is done', async (_what, sql) => {
  const { id, from } = await propose();
  await bank.database.query(sql, [id]);
  for (const call of [approve, reject]) {
    expect((await call(id)).body).toMatchObject({ code: 'proposal_altered', status: 409 });
  }
  expect((await bank.client.call(readProposal, { token: auditor, params: { id } })).body.code).toBe('proposal_altered');
  expect(await transfersFrom(from)).toEqual([]);
  await bank.database.query('delete from operations.proposals where id = $1', [id]);
});

test('a decision that was taken out of the row is still the decision', async () => {
  const { id, from } = await propose();
  await reject(id);
  await bank.database.query('update operations.proposals set decision_position = null where id = $1', [id]);
  expect((await approve(id)).body.code).toBe('proposal_decided');
  expect(await transfersFrom(from)).toEqual([]);
});

test('they are listed page by page, newest first, open or closed', async () => {
  await bank.database.query('delete from operations.proposals');
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.unshift((await propose()).id);
  const [rejected, approved, ...open] = ids as [string, string, ...string[]];
  await reject(rejected);
  await approve(approved);
  const listed = async (state: 'open' | 'closed') => {
    const found: (readonly [string, string])[] = [];
    let cursor: string | undefined;
    do {
      const query = { state, limit: 2, ...(cursor !== undefined && { cursor }) };
      const { body } = await bank.client.call(listProposals, { token: auditor, query });
      expect(body.proposals.length).toBeLessThanOrEqual(2);
      found.push(...body.proposals.map((one) => [one.proposalId, one.state] as const));
      cursor = body.next;
    } while (cursor !== undefined);
    return found;
  };
  expect(await listed('open')).toEqual(open.map((id) => [id, 'open']));
  expect(await listed('closed')).toEqual([
    [rejected, 'rejected'],
    [approved, 'approved'],
  ]);
  expect((await approve(randomUUID())).body).toMatchObject({ code: 'proposal_not_found', status: 404 });
});

test('a server that is killed while it carries a proposal out: the same approval on another goes on', async () => {
  const [one, two] = await accounts();
  const transfers = Array.from({ length: 1_000 }, (_, n) => ({
    ...{ id: String(n), from: one.account, to: two.account },
    amount: '0.01',
  }));
  const { body } = await send(transfers);
  const id = body.proposalId ?? '';
  const port = await freePort();
  const server = fork(new URL('../src/main.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...{
        SERVER_DATABASE_URL: bank.logIns.server,
        TERMINALS: 'demo',
        STATE_DIR: bank.stateDir,
        CERTS_DIR: bank.authority.certsDir,
      },
      ...{ PORT: String(port), HOST: 'localhost', LOG_LEVEL: 'silent' },
      ...{ EVENT_LOG_URL: bank.eventLog.eventLogUrl ?? '', LEDGER: bank.eventLog.ledger },
    },
  });
  await once(server, 'message');
  const client = connect(port, { ca: bank.authority.ca });
  const cut = approve(id, approver, client).then(
    () => 'answered',
    () => 'cut off',
  );
  while ((await transfersFrom(one.account)).length === 0) await sleep(1);
  server.kill('SIGKILL');
  await once(server, 'exit');
  await cut;
  await client.close();
  const done = await approve(id);
  expect(done.body.results.filter(({ status }) => status === 'accepted')).toHaveLength(1_000);
  const carried = await transfersFrom(one.account);
  expect(carried).toHaveLength(1_000);
  expect(new Set(carried).size).toBe(1_000);
});
