/** Measure f: how fast the projector catches up, alone and while the bookkeeper goes on writing. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bookkeeperCandidate, checkpointOf, openBank, project, startProjector } from '../bank.ts';
import type { Candidate } from '../benchmark.ts';
import { benchmark } from '../benchmark.ts';
import { median } from '../load.ts';
import { seedAccounts, seedEventLog } from '../seed.ts';
import { randomPairs } from '../transfers.ts';
import type { Part, Run } from './part.ts';

const accounts = 10_000;
const callers = 512;

export async function projector({ databases, stateDir, pace, progress, eventLogUrl }: Run): Promise<Part> {
  progress(`opening ${accounts.toLocaleString('en')} accounts`);
  const inDatabase = { databaseUrl: await databases.bank('f_bank'), stateDir };
  const head = await seedAccounts(inDatabase, accounts);
  const config =
    eventLogUrl === undefined ? inDatabase : await seedEventLog(inDatabase, await databases.bank('f_log'), eventLogUrl);
  await project(config, head);
  const bank = await openBank(config);
  const { bookkeeper } = bank;
  const next = randomPairs(accounts);
  const { round: write } = bookkeeperCandidate(bank, config, callers, next);
  const client = new pg.Client({ connectionString: config.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();

  /** From the moment it works until it has got everything. */
  async function catchUp(): Promise<number> {
    const running = await startProjector(config);
    const first = await moved(await checkpointOf(client));
    const startMs = performance.now();
    while ((await checkpointOf(client)) < bookkeeper.head) await sleep(5);
    const perSecond = ((bookkeeper.head - first) / (performance.now() - startMs)) * 1000;
    await running.stop();
    await bookkeeper.catchUp();
    return perSecond;
  }

  async function moved(from: number): Promise<number> {
    for (;;) {
      const position = await checkpointOf(client);
      if (position > from) return position;
      await sleep(1);
    }
  }

  const alone: Candidate = {
    name: 'catching up',
    callers: 1,
    async round(forMs) {
      await write(forMs);
      return { perSecond: await catchUp() };
    },
  };

  const projectedBeside: number[] = [];
  const both: Candidate = {
    name: 'appended, both at once',
    callers,
    async round(forMs) {
      const running = await startProjector(config);
      const before = await checkpointOf(client);
      const startMs = performance.now();
      const result = await write(forMs);
      const projected = (await checkpointOf(client)) - before;
      projectedBeside.push((projected / (performance.now() - startMs)) * 1000);
      await running.stop();
      return result;
    },
    afterRound: () => project(config, bookkeeper.head),
  };

  const [caughtUp, appended] = await benchmark([alone, both], pace, progress);
  await client.end();
  await bank.stop();
  if (caughtUp === undefined || appended === undefined)
    throw new Error('a benchmark gives a figure for each candidate');
  const rounds = projectedBeside.slice(1).map(Math.round);
  return {
    title: `Projector, ${accounts.toLocaleString('en')} accounts${eventLogUrl === undefined ? '' : ', from the event log'}`,
    unit: 'events',
    figures: [caughtUp, appended, { name: 'projected, both at once', callers: 1, perSecond: median(rounds), rounds }],
    peers: [],
    notes: [],
  };
}
