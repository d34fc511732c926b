/** `npm run soak`: half of what the bank can do, minute after minute; memory, handles, connections and latency, which must not grow. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../operations/src/embedded-postgres/start-postgres.ts';
import type { BankOverHttps } from './bank-over-https.ts';
import { bankOverHttps } from './bank-over-https.ts';
import type { RunningProgram } from './bank.ts';
import { databasesOn } from './databases.ts';
import { describe, machine } from './machine.ts';

const callers = 64;
const minuteMs = 60_000;

/** What the server's engine says that it uses, in MB: a heap that stays while the process grows is no leak of objects. */
async function heap({ target: { origin, ca } }: BankOverHttps): Promise<readonly [number, number]> {
  const metrics = await new Promise<string>((resolve, reject) => {
    const request = get(`${origin}/metrics`, { ca, agent: false, timeout: 10_000 }, (response) => {
      text(response).then(resolve, reject);
    });
    request.once('timeout', () => request.destroy(new Error('the metrics took longer than 10 s')));
    request.once('error', reject);
  });
  const megabytes = (name: string): number => {
    const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics) ?? [];
    return Math.round(Number(value) / 1024 / 1024);
  };
  return [megabytes('nodejs_heap_size_used_bytes'), megabytes('nodejs_external_memory_bytes')];
}

/** What a process has open and holds in memory; of Linux, absent elsewhere. */
function held({ processId }: RunningProgram): { readonly megabytes: number; readonly handles: number } | undefined {
  try {
    const status = readFileSync(`/proc/${String(processId)}/status`, 'utf8');
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    return { megabytes: Math.round(kilobytes / 1024), handles: readdirSync(`/proc/${String(processId)}/fd`).length };
  } catch {
    return undefined;
  }
}

async function database(client: pg.Client): Promise<{ readonly connections: number; readonly eventsBehind: number }> {
  const { rows } = await client.query<{ connections: number; behind: string }>(`
    select (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
      (select max(position) from journal.events) - (select position from read.checkpoint) as behind`);
  return { connections: rows[0]?.connections ?? Number.NaN, eventsBehind: Number(rows[0]?.behind) };
}

const columns = [
  'minute',
  'transfers/s',
  'median ms',
  'p99 ms',
  'server MB',
  'of it heap',
  'and buffers',
  'server handles',
  'projector MB',
  'projector handles',
  'connections',
  'events behind',
] as const;
const line = (cells: readonly (number | string | undefined)[]): string =>
  `| ${cells.map((cell, n) => String(cell ?? '-').padStart(columns[n]?.length ?? 0)).join(' | ')} |`;

async function soak(minutes: number): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-soak-'));
  // PostgreSQL may run as another account than the caller.
  chmodSync(stateDir, 0o755);
  const postgres = await startPostgres({ stateDir });
  try {
    console.log(`${describe(await machine(postgres.url))}\n`);
    const place = { databaseUrl: await databasesOn(postgres.url).bank('soak'), stateDir: join(stateDir, 'bank') };
    const bank = await bankOverHttps(place);
    const client = new pg.Client({ connectionString: place.databaseUrl });
    await client.connect();
    const load = { kind: 'transfer', callers } as const;
    await bank.load({ ...load, forMs: 5_000 });
    const { perSecond } = await bank.load({ ...load, forMs: 15_000 });
    const callsPerSecond = Math.round(perSecond / 2);
    console.log(`As fast as it goes: ${perSecond.toFixed(0)} transfers/s. Half of it from now on.\n`);
    console.log(`${line(columns)}\n|${columns.map(({ length }) => `${'-'.repeat(length + 1)}:`).join('|')}|`);
    for (let minute = 1; minute <= minutes; minute++) {
      const round = await bank.load({ ...load, forMs: minuteMs, callsPerSecond });
      const [server, projector] = [held(bank.server), held(bank.projector)];
      const { connections, eventsBehind } = await database(client);
      const { median, p99 } = round.latencyMs ?? {};
      const latencies = [median?.toFixed(1), p99?.toFixed(1)];
      const [heapMb, buffersMb] = await heap(bank);
      const processes = [
        server?.megabytes,
        heapMb,
        buffersMb,
        server?.handles,
        projector?.megabytes,
        projector?.handles,
      ];
      console.log(line([minute, round.perSecond.toFixed(0), ...latencies, ...processes, connections, eventsBehind]));
    }
    await client.end();
    await bank.stop();
  } finally {
    await postgres.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
if (Number.isInteger(minutes) && minutes > 0) await soak(minutes);
else {
  console.error('Usage: npm run soak -- [--minutes 30]');
  process.exitCode = 2;
}
