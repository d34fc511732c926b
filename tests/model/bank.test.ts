/** Whatever people ask for, from two servers, at the same time, again, across restarts: the real bank says what a plain one says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from '../../ledger/src/domain/commands.ts';
import { accountsOf } from '../../ledger/src/domain/account.ts';
import { isMoneyEvent } from '../../ledger/src/domain/events.ts';
import type { Outcome, Submission } from '../../ledger/src/bookkeeper/submission.ts';
import type { Entry } from '../../projections/src/read-model.ts';
import type { PlainBank, Request } from './plain-bank.ts';
import { carryOut } from './plain-bank.ts';
import type { RealBank } from './real-bank.ts';
import { realBank } from './real-bank.ts';

type Step =
  | { readonly step: 'ask'; readonly server: number; readonly request: Request }
  | { readonly step: 'ask all at once'; readonly requests: readonly Request[] }
  | { readonly step: 'ask again'; readonly server: number; readonly nth: number }
  | { readonly step: 'use a key for something else'; readonly server: number; readonly nth: number }
  | { readonly step: 'restart'; readonly server: number; readonly how: 'in order' | 'as by a crash' };

const account = fc.integer({ min: 1, max: 4 });
// Few and small, so that balances meet their floors and zero exactly.
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt(1n, 6n) },
  fc.constantFrom(0n, -5n, 1_000_000_000n, 1_000_000_001n),
);
const server = fc.constantFrom(0, 1);
const kinds = <K extends string>(...kind: K[]): fc.Arbitrary<K> => fc.constantFrom(...kind);

const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: kinds('open'), floor: fc.constantFrom(0n, -4n) }) },
  { weight: 5, arbitrary: fc.record({ kind: kinds('deposit', 'withdraw'), account, amount }) },
  { weight: 5, arbitrary: fc.record({ kind: kinds('transfer'), from: account, to: account, amount }) },
  fc.record({ kind: kinds('freeze', 'unfreeze', 'close'), account }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ step: kinds('ask'), server, request }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: kinds('ask all at once'),
      requests: fc.array(request, { minLength: 2, maxLength: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: kinds('ask again'), server, nth: fc.nat() }) },
  fc.record({ step: kinds('use a key for something else'), server, nth: fc.nat() }),
  fc.record({ step: kinds('restart'), server, how: kinds('in order', 'as by a crash') }),
);

function commandFor(asked: Request): Command {
  const currency = 'EUR' as const;
  switch (asked.kind) {
    case 'open':
      return {
        type: 'OpenAccount',
        customer: { keyId: '00000000-0000-4000-9000-000000000001', profile: 'sealed' },
        accountType: 'current',
        currency,
        floor: asked.floor,
      };
    case 'deposit':
    case 'withdraw': {
      const type = asked.kind === 'deposit' ? 'Deposit' : 'Withdraw';
      return { type, account: String(asked.account), amount: asked.amount, currency, terminal: 'ATM-1' };
    }
    case 'transfer':
      return {
        type: 'Transfer',
        from: String(asked.from),
        to: String(asked.to),
        amount: asked.amount,
        currency,
      };
    default: {
      const type = ({ freeze: 'FreezeAccount', unfreeze: 'UnfreezeAccount', close: 'CloseAccount' } as const)[
        asked.kind
      ];
      return { type, account: String(asked.account), reason: 'because' };
    }
  }
}

type Asked = { readonly request: Request; readonly submission: Submission; readonly position: number | undefined };

/** Takes the steps in both banks, comparing every single answer; gives all that was asked. */
async function live(steps: readonly Step[], real: RealBank, plain: PlainBank): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const submit = (on: number, submission: Submission): Promise<Outcome> => real.bookkeeper(on).submit(submission);
  const submissionOf = (wanted: Request, number: number): Submission => ({
    command: commandFor(wanted),
    commandId: `test:${String(number)}`,
    requestHash: `hash-${String(number)}`,
    actor: 'test',
    terminal: 'ATM-1',
    correlationId: 'a test',
  });
  const compare = (wanted: Request, outcome: Outcome): void => {
    const code = carryOut(plain, wanted);
    expect(outcome.accepted ? undefined : outcome.rejection.code).toBe(code);
  };

  for (const one of steps) {
    switch (one.step) {
      case 'ask': {
        const submission = submissionOf(one.request, asked.length);
        const outcome = await submit(one.server, submission);
        compare(one.request, outcome);
        asked.push({ request: one.request, submission, position: positionOf(outcome) });
        break;
      }
      case 'ask all at once': {
        const all = one.requests.map((wanted, index) => ({
          request: wanted,
          submission: submissionOf(wanted, asked.length + index),
        }));
        const outcomes = await Promise.all(all.map(({ submission }, index) => submit(index % 2, submission)));
        const done = all.map((each, index) => ({ ...each, outcome: outcomes[index] as Outcome }));
        // The journal's order is the order in which it happened; in that order the plain bank agrees to every one, the
        // declined ones too.
        const ordered = done.flatMap(({ request: wanted, outcome }) => {
          const position = positionOf(outcome);
          return position === undefined ? [] : [{ wanted, outcome, position }];
        });
        ordered.sort((first, second) => first.position - second.position);
        for (const { wanted, outcome } of ordered) compare(wanted, outcome);
        for (const { request: wanted, submission, outcome } of done) {
          asked.push({ request: wanted, submission, position: positionOf(outcome) });
        }
        break;
      }
      case 'ask again': {
        const earlier = asked[one.nth % Math.max(asked.length, 1)];
        if (earlier?.position === undefined) break;
        const outcome = await submit(one.server, earlier.submission);
        expect(outcome).toMatchObject({ replayed: true });
        expect(positionOf(outcome)).toBe(earlier.position);
        break;
      }
      case 'use a key for something else': {
        const earlier = asked[one.nth % Math.max(asked.length, 1)];
        if (earlier?.position === undefined) break;
        const outcome = await submit(one.server, { ...earlier.submission, requestHash: 'another' });
        expect(outcome).toEqual({ accepted: false, rejection: { code: 'idempotency_key_reused' } });
        break;
      }
      case 'restart':
        await real.restart(one.server, one.how);
    }
  }
  return asked;
}

/** Where a command's last event is, or its decline; undefined when nothing was written. */
const positionOf = (outcome: Outcome): number | undefined =>
  outcome.accepted ? outcome.position : outcome.declined?.position;

/** Everything the bank promises of its books, whatever happened before. */
async function check(real: RealBank, plain: PlainBank, asked: readonly Asked[]): Promise<void> {
  await real.shown();
  const history = await real.history();
  for (const { submission, position } of asked) {
    const recorded = history.filter(({ metadata }) => metadata.commandId === submission.commandId);
    expect(recorded.at(-1)?.position, submission.commandId).toBe(position);
    // An opening writes the customer and the account; everything else is one event.
    if (position !== undefined) expect(recorded).toHaveLength(submission.command.type === 'OpenAccount' ? 2 : 1);
  }
  for (const { event } of history) {
    if (isMoneyEvent(event)) expect(event.postings.reduce((sum, posting) => sum + posting.amount, 0n)).toBe(0n);
  }
  for (const [index, { balance, postings, floor, status }] of plain.accounts.entries()) {
    const number = String(index + 1);
    expect(await real.readModel.account(number)).toMatchObject({ balance, version: postings, status, floor });
    expect(balance >= floor).toBe(true);
    const entries: Entry[] = [];
    for await (const page of real.readModel.allEntries(number)) entries.push(...page);
    expect(entries.map(({ version }) => version)).toEqual(Array.from({ length: postings }, (_, at) => at + 1));
    let sum = 0n;
    for (const entry of entries) {
      sum += entry.amount;
      expect(entry.balanceAfter).toBe(sum);
    }
    const touching = history.filter(({ event }) => isMoneyEvent(event) && accountsOf(event).includes(number));
    expect(entries.map(({ position }) => position)).toEqual(touching.map(({ position }) => position));
  }
  const { accounts, total } = await real.readModel.trialBalance();
  expect(total).toBe(0n);
  expect(accounts.find(({ kind }) => kind === 'cash')?.balance ?? 0n).toBe(plain.cash);
  expect((await real.rebuilt()).filter(({ differing }) => differing > 0)).toEqual([]);
}

test('the real bank and the plain bank agree', { timeout: 300_000, retry: 0 }, async () => {
  const history = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' });
  const property = fc.asyncProperty(history, async (steps) => {
    const real = await realBank();
    const plain: PlainBank = { accounts: [], cash: 0n };
    try {
      await check(real, plain, await live(steps, real, plain));
    } finally {
      await real.close();
    }
  });
  await fc.assert(property, { numRuns: 40, endOnFailure: false });
});
