/** Measure h: what the transparency log costs: appending and projecting with and without the signer, proofs, the verification, and the tree on disk. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { recordVerification } from '../../server/src/audit/record-verification.ts';
import { prove } from '../../server/src/log/prove.ts';
import { publishedLog } from '../../server/src/log/published-log.ts';
import { verificationStarter } from '../../server/src/threads/start-verification.ts';
import type { Bank, BankConfig, RunningProgram } from '../bank.ts';
import { bookkeeperCandidate, openBank, project, startProgram, startProjector } from '../bank.ts';
import type { Candidate, Figure } from '../benchmark.ts';
import { benchmark } from '../benchmark.ts';
import { serverPool } from '../databases.ts';
import { closedLoop, pacedLoop } from '../load.ts';
import { seedAccounts } from '../seed.ts';
import { randomPairs, submissionOf } from '../transfers.ts';
import type { Part, Run } from './part.ts';

const accounts = 10_000;
const callers = 512;
/** Those who ask for proofs, and for how many different events. */
const askers = 16;
const million = 1_000_000;
/** What the bank serves while it is verified. */
const servedPerSecond = 500;

const startSigner = (place: BankConfig): Promise<RunningProgram> =>
  startProgram('operations/src/signer/main.ts', place);

export async function signedLog({ databases, stateDir, pace, quick, progress }: Run): Promise<Part> {
  progress(`opening ${accounts.toLocaleString('en')} accounts`);
  const place = { databaseUrl: await databases.bank('h_bank'), stateDir };
  await project(place, await seedAccounts(place, accounts));
  const bank = await openBank(place);
  const client = new pg.Client({ connectionString: place.databaseUrl });
  await client.connect();
  const { round: write } = bookkeeperCandidate(bank, place, callers, randomPairs(accounts));

  /** What was projected in the time, while so many were appended. */
  const beside = (name: string, hasSigner: boolean): Candidate => ({
    name,
    callers,
    async round(forMs) {
      const programs = [await startProjector(place), ...(hasSigner ? [await startSigner(place)] : [])];
      if (hasSigner) await signed(client, bank.bookkeeper.head);
      const result = await write(forMs);
      for (const program of programs) await program.stop();
      return result;
    },
    async afterRound() {
      await project(place, bank.bookkeeper.head);
      await bank.bookkeeper.catchUp();
    },
  });
  const figures = await benchmark(
    [beside('appended beside the projector', false), beside('appended beside projector and signer', true)],
    pace,
    progress,
  );
  const events = quick ? million / 10 : million;
  progress(`filling the journal up to ${events.toLocaleString('en')} events`);
  while (bank.bookkeeper.head < events) await write(1_000);
  progress('signing');
  const signing = await catchUp(place, client, bank);
  progress('projecting');
  await project(place, bank.bookkeeper.head);
  await bank.bookkeeper.catchUp();
  progress('proving');
  const proving = await proofs(place, bank.bookkeeper.head, pace.roundMs);
  progress('verifying');
  const verifying = await verification(place, bank, client);
  const { rows } = await client.query<{ bytes: string }>(`select pg_total_relation_size('log.tiles') as bytes`);
  const treeMb = Number(rows[0]?.bytes) / bank.bookkeeper.head;
  await client.end();
  await bank.stop();
  return {
    title: `The transparency log, ${accounts.toLocaleString('en')} accounts`,
    unit: 'events',
    figures: [...figures, signing, proving, verifying],
    peers: [],
    notes: [
      `the verification of ${events.toLocaleString('en')} events takes ${(events / verifying.perSecond).toFixed(1)} s, while ${String(servedPerSecond)} transfers a second come in`,
      `the tree takes ${treeMb.toFixed(1)} MB on disk for a million events`,
      `of a proof: the event read, its leaf hashed, its path read and checked, the file written; ${String(askers)} at once`,
    ],
  };
}

async function signed(client: pg.Client, head: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ size: string }>('select size from log.checkpoint');
    if (Number(rows[0]?.size ?? 0) >= head) return;
    await sleep(20);
  }
}

/** From its start until everything is signed. */
async function catchUp(place: BankConfig, client: pg.Client, { bookkeeper }: Bank): Promise<Figure> {
  const { rows } = await client.query<{ size: string }>('select size from log.checkpoint');
  const before = Number(rows[0]?.size ?? 0);
  const signer = await startSigner(place);
  const startMs = performance.now();
  await signed(client, bookkeeper.head);
  const perSecond = ((bookkeeper.head - before) / (performance.now() - startMs)) * 1_000;
  await signer.stop();
  return { name: 'signed, catching up', callers: 1, perSecond, rounds: [Math.round(perSecond)] };
}

async function proofs({ databaseUrl }: BankConfig, head: number, forMs: number): Promise<Figure> {
  const pool = serverPool(databaseUrl, 4);
  const journal = openJournal({ eventLogUrl: undefined, ledger: 'main' }, pool);
  const log = publishedLog({ pool });
  const latest = await log.latest();
  if (latest === undefined) throw new Error('nothing was signed');
  const round = await closedLoop({
    callers: askers,
    forMs,
    async call() {
      // The first events open the accounts: a transfer is looked for.
      const position = accounts + 2 + Math.floor(Math.random() * (head - accounts - 2));
      const [event] = await journal.readAt([position]);
      const { postings = [] } = JSON.parse(event?.data ?? '{}') as { postings?: readonly { account: string }[] };
      if (event === undefined || postings[0] === undefined) throw new Error('no transfer');
      if ((await prove(log, event, postings[0].account, latest)) === undefined) throw new Error('no proof');
    },
  });
  await journal.close();
  await pool.end();
  return { name: 'proofs', callers: askers, perSecond: round.perSecond, rounds: [Math.round(round.perSecond)] };
}

/** In a thread of its own, as a server does it, while the bank serves: transfers come in, are projected and signed. */
async function verification(place: BankConfig, { bookkeeper }: Bank, client: pg.Client): Promise<Figure> {
  const programs = [await startProjector(place), await startSigner(place)];
  const broken = Promise.withResolvers<never>();
  const starter = verificationStarter(
    {
      ...{ databaseUrl: place.databaseUrl, eventLog: { eventLogUrl: undefined, ledger: 'main' } },
      ...{ stateDir: place.stateDir, logPolicy: undefined, logVkey: undefined },
    },
    (end, startedBy, signal) => recordVerification(bookkeeper, end, startedBy, signal),
    broken.reject,
  );
  const next = randomPairs(accounts);
  const call = (): Promise<unknown> => bookkeeper.submit(submissionOf(next()));
  const startMs = performance.now();
  const id = await Promise.race([starter.start('bench'), broken.promise]);
  for (;;) {
    await Promise.race([pacedLoop({ callers: 16, forMs: 250, perSecond: servedPerSecond, call }), broken.promise]);
    const { rows } = await client.query<{ verified: string; failure: string | null; differences: unknown[] }>(
      'select verified, failure, differences from audit.verifications where id = $1 and ended_at is not null',
      [id],
    );
    const [ended] = rows;
    if (ended === undefined) continue;
    if (ended.failure !== null || ended.differences.length > 0) throw new Error(JSON.stringify(ended).slice(0, 1_000));
    const perSecond = (Number(ended.verified) / (performance.now() - startMs)) * 1_000;
    await starter.close();
    for (const program of programs) await program.stop();
    return { name: 'verified', callers: 1, perSecond, rounds: [Math.round(perSecond)] };
  }
}
