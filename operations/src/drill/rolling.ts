/** The rolling restart: one server after the other is ended in order and started again, while clients retry once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deposit, transfer, withdraw } from '../../../api/src/calls/money.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Chance } from './chance.ts';
import type { Customer, Town } from './customer.ts';
import { beginSession, moveMoney, openOne, readOwn } from './customer.ts';
import { serverNames } from './drilled-bank.ts';
import type { Patience, Recorder } from './recorder.ts';
import type { DrillReport, Round } from './report.ts';
import type { DrillOptions } from './rounds.ts';
import type { Scene } from './run.ts';
import { runDrill } from './run.ts';

/** One attempt on one server, one more on the other. An answer is waited for longer than a server may take to give one. */
const retriesOnce: Patience = { answerWithinMs: 20_000, attempts: 2, askForMs: 60_000 };
const customers = 8;
const restMs = 10;
/** Between one server's return and the next one's end. */
const betweenMs = 500;

export const rollingDrill = ({ seed, eventLog, ...options }: DrillOptions): Promise<DrillReport> =>
  runDrill({
    ...{ seed, eventLog, patience: retriesOnce, load: moneyOnly },
    trouble: (scene) => restartInTurn(scene, options),
  });

/** Each round restarts both servers. Throws a `Failure` for one that does not end in order. */
async function restartInTurn(
  { bank }: Scene,
  { rounds, onRound, signal }: Omit<DrillOptions, 'seed' | 'eventLog'>,
): Promise<readonly Round[]> {
  const done: Round[] = [];
  for (let index = 0; index < rounds && signal?.aborted !== true; index++) {
    for (const name of serverNames) {
      const server = bank.programs[name];
      await sleep(betweenMs);
      const { code, tookMs } = await server.restart();
      if (code !== 0) throw new Failure(`${name} did not end in order at SIGTERM: it ended with ${String(code)}.`);
      const endedAt = performance.now();
      await Promise.race([server.ready(), bank.broken]);
      const round = { faults: [`restarted: ${name}`], heldMs: tookMs, recoveryMs: performance.now() - endedAt };
      done.push(round);
      onRound(round, done.length - 1);
    }
  }
  return done;
}

async function moneyOnly({ recorder, chance }: Scene): Promise<readonly Promise<void>[]> {
  const town: Town = { accounts: [], spare: [], reversible: [] };
  const payers = Array.from({ length: customers }, async (_, n) => {
    const own = chance.branch(`customer ${String(n)}`);
    const self = await openOne(recorder, town, own);
    if (self !== undefined && (await beginSession(recorder, self, own))) return { self, own };
    throw new Failure('The drill could not begin: no account could be opened.');
  });
  return (await Promise.all(payers)).map(({ self, own }) => pay(recorder, town, self, own));
}

async function pay(recorder: Recorder, town: Town, self: Customer, chance: Chance): Promise<void> {
  while (!recorder.signal.aborted) {
    const amountMinor = BigInt(chance.whole(1, 9_000));
    const draw = chance.whole(1, 100);
    if (draw <= 40) await moveMoney(recorder, town, self, { call: deposit, amountMinor, chance });
    else if (draw <= 55) await moveMoney(recorder, town, self, { call: withdraw, amountMinor, chance });
    else if (draw <= 85) {
      const to = chance.pick(town.accounts) ?? self.account;
      await moveMoney(recorder, town, self, { call: transfer, to, amountMinor, chance });
    } else await readOwn(recorder, self, { chance });
    await sleep(restMs);
  }
}
