/** Measures d and e: the same bank over HTTPS, one command a request and a thousand transfers a request. */
import { join } from 'node:path';
import { bankOverHttps } from '../bank-over-https.ts';
import type { Candidate } from '../benchmark.ts';
import { benchmark } from '../benchmark.ts';
import type { Kind } from '../https-load.ts';
import type { Part, Run } from './part.ts';

export async function singleCommands(run: Run): Promise<Part> {
  const figures = await overHttps(run, 'd', [
    { kind: 'empty route', callers: 1 },
    { kind: 'transfer', callers: 1 },
    { kind: 'empty route', callers: 64 },
    { kind: 'balance', callers: 64 },
    { kind: 'deposit', callers: 64 },
    { kind: 'transfer', callers: 64 },
  ]);
  return {
    title: 'Single calls over HTTPS, the load in a process of its own',
    unit: 'requests',
    figures,
    peers: ['empty route'],
    notes: ['the empty route is GET /health/live: the same server, headers, log and metrics, and nothing behind them'],
  };
}

export async function batchCall(run: Run): Promise<Part> {
  const figures = await overHttps(run, 'e', [
    { kind: 'batch', callers: 1 },
    { kind: 'batch', callers: 4 },
  ]);
  return {
    title: 'The batch call over HTTPS, 1,000 transfers a request',
    unit: 'transfers',
    figures,
    peers: [],
    notes: ['latencies are those of a whole batch'],
  };
}

async function overHttps(
  { databases, stateDir, pace, progress }: Run,
  name: string,
  loads: readonly { readonly kind: Kind; readonly callers: number }[],
): ReturnType<typeof benchmark> {
  progress('opening accounts and starting the server');
  const place = { databaseUrl: await databases.bank(`${name}_bank`), stateDir: join(stateDir, name) };
  const bank = await bankOverHttps(place);
  const candidates = loads.map(({ kind, callers }): Candidate => ({
    name: kind,
    callers,
    round: (forMs) => bank.load({ kind, callers, forMs }),
  }));
  try {
    return await benchmark(candidates, pace, progress);
  } finally {
    await bank.stop();
  }
}
