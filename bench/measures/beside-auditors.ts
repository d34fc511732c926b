/** Measure g: a steady stream of deposits, alone and while an auditor's long work goes on in the same server. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import type { BankOverHttps } from '../bank-over-https.ts';
import { bankOverHttps } from '../bank-over-https.ts';
import type { Candidate, Figure } from '../benchmark.ts';
import { benchmark } from '../benchmark.ts';
import { batchSize } from '../https-load.ts';
import { median } from '../load.ts';
import type { Part, Run } from './part.ts';

/** Far from what the server can do, so that it is waiting that is measured and not the share of a full processor. */
const deposits = { kind: 'deposit', callers: 16, callsPerSecond: 50 } as const;
/** The auditor looks at account 1, which pays account 2 so often. */
const largeAccountEntries = 30_000;

const alone = 'deposits alone';

/** An auditor's request, begun again as soon as it has ended, until the signal. */
type Work = (client: AuditClient, signal: AbortSignal) => Promise<void>;

const works: Readonly<Record<string, Work>> = {
  'beside PDFs of 5,000 entries': async (client, signal) => {
    await client.get('/api/v1/audit/accounts/1/statement.pdf', signal);
  },
  'beside verifications of the bank': async (client, signal) => {
    await client.verify(signal);
  },
  [`beside whole folds of ${largeAccountEntries.toLocaleString('en')} events`]: async (client, signal) => {
    await client.get('/api/v1/audit/accounts/1/state', signal);
  },
};

export async function besideAuditors({ databases, stateDir, pace, progress }: Run): Promise<Part> {
  progress('opening accounts and starting the server');
  const bank = await bankOverHttps({
    databaseUrl: await databases.bank('g_bank'),
    stateDir: join(stateDir, 'g'),
  });
  const client = auditClient(bank);
  try {
    progress('filling the large account');
    for (let n = 0; n < largeAccountEntries / batchSize; n += 1) await client.payOften();
    const delays = new Map<string, number[]>();
    const done = new Map<string, number>();
    const candidate = (name: string, work: Work | undefined): Candidate => ({
      name,
      callers: deposits.callers,
      async round(forMs) {
        await client.loopDelayMs();
        const ending = new AbortController();
        const working = work && repeatUntil(ending.signal, () => work(client, ending.signal));
        const round = await bank.load({ ...deposits, forMs });
        delays.set(name, [...(delays.get(name) ?? []), await client.loopDelayMs()]);
        ending.abort();
        done.set(name, (done.get(name) ?? 0) + ((await working) ?? 0));
        return round;
      },
      // One that was left under way is no part of the next round.
      afterRound: () => client.verificationsEnded(),
    });
    const candidates = [
      candidate(alone, undefined),
      ...Object.entries(works).map(([name, work]) => candidate(name, work)),
    ];
    const figures = await benchmark(candidates, pace, progress);
    return {
      title: 'Deposits over HTTPS, 50 a second, beside auditors',
      unit: 'deposits',
      figures,
      peers: [],
      notes: notesOf(figures, delays, done),
    };
  } finally {
    await client.close();
    await bank.stop();
  }
}

/** Gives how often it was begun. */
async function repeatUntil(signal: AbortSignal, work: () => Promise<void>): Promise<number> {
  const hasEnded = (): boolean => signal.aborted;
  let count = 0;
  while (!hasEnded()) {
    try {
      count += 1;
      await work();
    } catch (error) {
      if (!hasEnded()) throw error;
    }
  }
  return count;
}

function notesOf(
  figures: readonly Figure[],
  delays: ReadonlyMap<string, readonly number[]>,
  done: ReadonlyMap<string, number>,
): readonly string[] {
  // The first round of each warms up.
  const delayOf = (name: string): number => median((delays.get(name) ?? []).slice(1));
  const p99Of = (name: string): number => figures.find((figure) => figure.name === name)?.latencyMs?.p99 ?? Number.NaN;
  return figures.map(({ name }) => {
    const [delay, p99] = [delayOf(name), p99Of(name)];
    const text = `event loop's delay, 99 %: ${delay.toFixed(1)} ms`;
    if (name === alone) return `${name}: ${text}`;
    const ratios = `× ${(delay / delayOf(alone)).toFixed(2)}; the deposits' 99 %: × ${(p99 / p99Of(alone)).toFixed(2)}`;
    return `${name} (${String(done.get(name) ?? 0)} begun): ${text}, ${ratios}`;
  });
}

type AuditClient = ReturnType<typeof auditClient>;

function auditClient({ target: { origin, ca, operatorToken } }: Pick<BankOverHttps, 'target'>) {
  const client = new Client(origin, { connect: { ca } });
  async function send(
    method: 'GET' | 'POST',
    path: string,
    { signal, body }: { readonly signal?: AbortSignal; readonly body?: object } = {},
  ): Promise<string> {
    const reply = await client.request({
      ...{ method, path, signal: signal ?? null, body: body === undefined ? null : JSON.stringify(body) },
      headers: {
        authorization: `Bearer ${operatorToken}`,
        ...(body && { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
      },
    });
    const text = await reply.body.text();
    if (reply.statusCode >= 300) throw new Error(`${path}: ${String(reply.statusCode)} ${text.slice(0, 200)}`);
    return text;
  }
  async function isVerifying(): Promise<boolean> {
    const list = JSON.parse(await send('GET', '/api/v1/audit/verifications')) as {
      readonly verifications: readonly { readonly state: string }[];
    };
    return list.verifications.some(({ state }) => state === 'running');
  }
  async function verificationsEnded(signal?: AbortSignal): Promise<void> {
    while (await isVerifying()) await sleep(100, undefined, { ...(signal && { signal }) });
  }
  return {
    verificationsEnded,
    get: (path: string, signal: AbortSignal) => send('GET', path, { signal }),
    async verify(signal: AbortSignal) {
      await send('POST', '/api/v1/audit/verifications');
      await verificationsEnded(signal);
    },
    async payOften() {
      const transfers = Array.from({ length: batchSize }, (_, n) => ({
        id: String(n),
        from: '1',
        to: '2',
        amount: '0.01',
      }));
      await send('POST', '/api/v1/transfers/batch', { body: { reason: 'rent', transfers } });
    },
    /** Since it was last asked for. */
    async loopDelayMs() {
      const found = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(await send('GET', '/metrics'));
      return Number(found?.[1]) * 1_000;
    },
    close: () => client.destroy(),
  };
}
