/** The processes a drill works on: killed, frozen and continued from outside, and started again whenever they end. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { backOff } from '../../../ledger/src/back-off.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { EmbeddedPostgres } from '../embedded-postgres/start-postgres.ts';
import { startPostgres } from '../embedded-postgres/start-postgres.ts';

export type Process = {
  kill(): void;
  freeze(): void;
  continue(): void;
};

export type Program = Process & {
  /** Resolves when it says that it is ready: at once unless it is just being started. */
  readonly ready: () => Promise<unknown>;
  /** SIGTERM, once; gives how it ended and after how long. It is started again unless the drill is over. */
  restart(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  stop(): Promise<void>;
};

const waitMs = backOff({ firstMs: 100, mostMs: 2_000 });
/** Longer than a server may take to end in order. */
const endWithinMs = 25_000;
/** Of one that never gets ready, however often it is started. */
const mostFailures = 100;

/** One of the bank's own programs; what it logs goes to the end of `log`. */
export function runProgram(
  path: 'server/src/main.ts' | 'projections/src/main.ts',
  { env, log, onGiveUp }: { env: NodeJS.ProcessEnv; log: string; onGiveUp: (error: Failure) => void },
): Program {
  let ready = Promise.withResolvers<undefined>();
  let child: ChildProcess;
  let failures = 0;
  let isOver = false;

  function start(): void {
    const output = openSync(log, 'a', 0o600);
    child = fork(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), {
      env,
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    child.on('error', () => undefined);
    child.on('message', () => {
      failures = 0;
      ready.resolve(undefined);
    });
    child.once('exit', () => {
      ready = Promise.withResolvers();
      void startAgain();
    });
  }
  async function startAgain(): Promise<void> {
    if (isOver) return;
    failures += 1;
    if (failures > mostFailures) {
      onGiveUp(new Failure(`${path} ended ${String(failures)} times before it was ready: see the end of ${log}.`));
      return;
    }
    await sleep(waitMs(failures - 1));
    if (!ended()) start();
  }
  const ended = (): boolean => isOver;

  async function end(): Promise<{ code: number | null; tookMs: number }> {
    const ending = child;
    const startedAt = performance.now();
    if (ending.exitCode !== null || ending.signalCode !== null) return { code: ending.exitCode, tookMs: 0 };
    const exit = Promise.withResolvers<number | null>();
    ending.once('exit', (code) => {
      exit.resolve(code);
    });
    ending.kill('SIGTERM');
    const killed = setTimeout(() => ending.kill('SIGKILL'), endWithinMs);
    const code = await exit.promise;
    clearTimeout(killed);
    return { code, tookMs: performance.now() - startedAt };
  }

  start();
  return {
    ready: () => ready.promise,
    kill: () => void child.kill('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    continue: () => void child.kill('SIGCONT'),
    restart: end,
    async stop() {
      isOver = true;
      child.kill('SIGCONT');
      await end();
    },
  };
}

export type DatabaseServer = Process & {
  readonly url: string;
  readonly port: number;
  /** One connection's process is killed: PostgreSQL ends all connections and recovers. */
  killOneBackend(): void;
  stop(): Promise<void>;
};

/** The bank's own PostgreSQL, started again on its port when it ends. */
export async function runPostgres(stateDir: string, onGiveUp: (error: unknown) => void): Promise<DatabaseServer> {
  let postgres: EmbeddedPostgres = await startPostgres({ stateDir });
  const { url, port } = postgres;
  let isOver = false;
  const over = (): boolean => isOver;
  const watch = async (): Promise<void> => {
    while (!over()) {
      await postgres.ended;
      if (!over()) postgres = await startPostgres({ stateDir, port });
    }
  };
  watch().catch(onGiveUp);
  const signalAll = (signal: NodeJS.Signals): void => {
    // The parent first: it starts no more children while it stands still.
    for (const pid of [postgres.pid, ...childrenOf(postgres.pid)]) signalOne(pid, signal);
  };
  return {
    url,
    port,
    kill() {
      signalOne(postgres.pid, 'SIGKILL');
    },
    killOneBackend() {
      const backend = childrenOf(postgres.pid).at(-1);
      if (backend !== undefined) signalOne(backend, 'SIGKILL');
    },
    freeze() {
      signalAll('SIGSTOP');
    },
    continue() {
      signalAll('SIGCONT');
    },
    async stop() {
      isOver = true;
      await postgres.stop();
    },
  };
}

/** A process that has ended meanwhile is none of our business. */
function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** In the order of their numbers. Throws a `Failure` where the system does not show processes. */
function childrenOf(parent: number): readonly number[] {
  if (process.platform !== 'linux') throw new Failure('Processes are frozen one by one, which takes Linux.');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
    .sort((one, other) => one - other);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may hold anything; state and parent come after it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
