/** Jepsen's bank workload: transfers between a few accounts, and readers of all balances who must never see money missing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { searchAccounts } from '../../../api/src/calls/audit-accounts.ts';
import { deposit, transfer } from '../../../api/src/calls/money.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Chance } from './chance.ts';
import type { Customer, Town } from './customer.ts';
import { beginSession, moveMoney, openOne } from './customer.ts';
import type { Staff } from './operator.ts';
import { beginStaffSession } from './operator.ts';
import type { Recorder } from './recorder.ts';
import { askUntilAnswered, minorOf } from './recorder.ts';
import type { DrillReport } from './report.ts';
import type { DrillOptions } from './rounds.ts';
import { runRounds } from './rounds.ts';
import type { Scene } from './run.ts';
import { hire, runDrill } from './run.ts';

const accountCount = 5;
const initialMinor = 10_000n;
/** Above what an account has now and then, so that some are declined. */
const mostMinor = 4_000;
const restMs = 20;

export const bankDrill = ({ seed, eventLog, ...rounds }: DrillOptions): Promise<DrillReport> =>
  runDrill({
    ...{ seed, eventLog, load: transfersAndReads },
    trouble: ({ bank, recorder, chance }) => runRounds(bank, recorder, { ...rounds, chance }),
  });

async function transfersAndReads(scene: Scene): Promise<readonly Promise<void>[]> {
  const { recorder, chance } = scene;
  const town: Town = { accounts: [], spare: [], reversible: [] };
  const people = await Promise.all(
    Array.from({ length: accountCount }, (_, n) => openFunded(recorder, town, chance.branch(`account ${String(n)}`))),
  );
  const seen = Math.max(...people.map((one) => one.seen));
  const readers = [await hire(scene, 'reader-1', 'auditor'), await hire(scene, 'reader-2', 'auditor')];
  return [
    ...people.map((one) => transferOn(recorder, town, one, chance.branch(`transfers of ${one.account}`))),
    ...readers.map((reader) => readAll(recorder, town, Object.assign(reader, { seen }))),
  ];
}

async function openFunded(recorder: Recorder, town: Town, chance: Chance): Promise<Customer> {
  const customer = await openOne(recorder, town, chance);
  if (customer !== undefined && (await beginSession(recorder, customer, chance))) {
    const reply = await moveMoney(recorder, town, customer, { call: deposit, amountMinor: initialMinor, chance });
    if (reply?.status === 201) return customer;
  }
  throw new Failure('The drill could not begin: an account could not be opened and funded.');
}

async function transferOn(recorder: Recorder, town: Town, customer: Customer, chance: Chance): Promise<void> {
  const others = town.accounts.filter((account) => account !== customer.account);
  while (!recorder.signal.aborted) {
    const amountMinor = BigInt(chance.whole(1, mostMinor));
    const to = chance.pick(others) ?? '';
    await moveMoney(recorder, town, customer, { call: transfer, to, amountMinor, chance });
    await sleep(restMs);
  }
}

/**
 * The page of accounts is read by one statement, and the projector commits rows and checkpoint together: it shows one
 * position. The answer does not say which; each account's version does, and the checker finds the one they share.
 */
async function readAll(recorder: Recorder, town: Town, staff: Staff): Promise<void> {
  const totalMinor = initialMinor * BigInt(accountCount);
  while (!recorder.signal.aborted) {
    // What anybody was acknowledged before this read must be in it.
    const after = Math.max(staff.seen, town.reversible.at(-1) ?? 0);
    const reply = await askUntilAnswered(recorder, searchAccounts, {
      sent: () => ({ token: staff.token, query: { after: String(after), limit: '1000' } }),
      renew: () => beginStaffSession(recorder, staff),
      chance: staff.chance,
    });
    if (reply?.status === 200) {
      const rows = reply.body['accounts'] as readonly { account: string; balance: string; version: number }[];
      const accounts = rows
        .filter(({ account }) => town.accounts.includes(account))
        .map(({ account, balance, version }) => ({ account, version, balanceMinor: minorOf(balance) }));
      recorder.snapshots.push({ reader: staff.username, after, accounts, totalMinor });
      staff.seen = after;
    }
    await sleep(restMs);
  }
}
