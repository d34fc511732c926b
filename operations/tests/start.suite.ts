/** What the tests of the start share: `npm start`'s program as a process of its own, in folders and on a port of its own. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';
import { freePort } from '../src/free-port.ts';

export type StartedBank = {
  readonly process: ChildProcess;
  /** What it has said so far, on both outputs. */
  readonly said: () => string;
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>;
  call(
    path: string,
    request?: { readonly body?: object; readonly token?: string; readonly key?: string },
  ): Promise<Answer>;
};

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

export type StartOptions = {
  /** `npm start`'s program unless given. */
  readonly script?: 'start' | 'dev';
  readonly args?: readonly string[];
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
};

export type BankFolder = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  start(options?: StartOptions): StartedBank;
  /** Ends whatever still runs in it and removes it. */
  clear(): Promise<void>;
};

export async function newBankFolder(): Promise<BankFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-start-'));
  chmodSync(folder, 0o755);
  const env = { STATE_DIR: join(folder, 'var'), CERTS_DIR: join(folder, 'certs'), PORT: String(await freePort()) };
  const banks: StartedBank[] = [];
  return {
    folder,
    env,
    start(options = {}) {
      const bank = startBank({ ...env, ...options.env }, options);
      banks.push(bank);
      return bank;
    },
    async clear() {
      for (const { process: child, ended } of banks) {
        child.kill('SIGTERM');
        await ended;
      }
      for (const pid of processesIn(folder)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startBank(
  env: Readonly<Record<string, string>>,
  { script = 'start', args = [], uid }: StartOptions,
): StartedBank {
  const path = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env['PATH'], HOME: env['STATE_DIR'], ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
  return {
    process: child,
    said: () => text,
    ended: once(child, 'close').then(([code]) => code as number | null),
    async call(path, { body, token, key } = {}) {
      const ca = readFileSync(join(env['CERTS_DIR'] ?? '', 'ca.crt'), 'utf8');
      const agent = new Agent({ connect: { ca } });
      const answer = await fetch(`https://localhost:${env['PORT'] ?? ''}${path}`, {
        dispatcher: agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const parsed = (await answer.json()) as Answer['body'];
      await agent.close();
      return { status: answer.status, body: parsed };
    },
  };
}

/** Every process whose command line or environment names the folder. */
export function processesIn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => ['cmdline', 'environ'].some((what) => contentOf(`/proc/${pid}/${what}`).includes(folder)))
    .map(Number);
}

/** The one child of a process whose command line names the program. */
export function childOf(parent: ChildProcess, program: string): number {
  const found = readdirSync('/proc').find(
    (pid) =>
      /^\d+$/.test(pid) &&
      contentOf(`/proc/${pid}/stat`).split(' ')[3] === String(parent.pid) &&
      contentOf(`/proc/${pid}/cmdline`).includes(program),
  );
  if (found === undefined) throw new Error(`${program} does not run`);
  return Number(found);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export async function until(holds: () => boolean | Promise<boolean>, withinMs = 50_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await Promise.resolve(holds()).catch(() => false))) {
    if (performance.now() > end) throw new Error('it did not come to be in time');
    await sleep(50);
  }
}

export async function isOpen(bank: StartedBank): Promise<void> {
  await until(() => bank.said().includes('Ctrl-C stops everything.') || bank.process.exitCode !== null);
  if (bank.process.exitCode !== null) throw new Error(`the bank did not start: ${bank.said()}`);
}
