/** The processes a drill works on: killed, frozen and continued from outside, and started again whenever they end. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
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
  readonly pid: () => number;
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

/** While its disk is at fault, PostgreSQL is started in vain so often. */
const mostDatabaseFailures = 30;
const downWithinMs = 30_000;

/** One of the bank's own programs; what it logs goes to the end of `log`. */
export function runProgram(
  path: 'server/src/main.ts' | 'projections/src/main.ts' | 'operations/src/signer/main.ts',
  { env, log, onGiveUp }: { env: NodeJS.ProcessEnv; log: string; onGiveUp: (error: Failure) => void },
): Program {
  let ready = Promise.withResolvers<undefined>();
  let child: ChildProcess;
  let isReady = false;
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
      isReady = true;
      ready.resolve(undefined);
    });
    child.once('exit', () => {
      // Whoever waits for one that ended before it was ready waits for the next.
      if (isReady) ready = Promise.withResolvers();
      isReady = false;
      void startAgain();
    });
  }
  async function startAgain(): Promise<void> {
    if (isOver) return;
    failures += 1;
    if (failures > mostFailures) {
      const lastSaid = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
      onGiveUp(new Failure(`${path} ended ${String(failures)} times before it was ready (${log}): ${lastSaid}`));
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
    pid: () => child.pid ?? 0,
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
  /** Ends all of its processes, does the work, and starts it again. */
  whileDown(work: () => void): Promise<void>;
  stop(): Promise<void>;
};

/** The bank's own PostgreSQL, started again on its port when it ends. */
export async function runPostgres(stateDir: string, onGiveUp: (error: unknown) => void): Promise<DatabaseServer> {
  let postgres: EmbeddedPostgres = await startPostgres({ stateDir });
  const { url, port } = postgres;
  let isOver = false;
  const over = (): boolean => isOver;
  let down: PromiseWithResolvers<undefined> | undefined;
  const isDown = (): Promise<undefined> | undefined => down?.promise;
  const watch = async (): Promise<void> => {
    for (let failures = 0; !over();) {
      await postgres.ended;
      await isDown();
      if (over()) return;
      try {
        postgres = await startPostgres({ stateDir, port });
        failures = 0;
      } catch (error) {
        // While its disk is at fault it cannot start.
        failures += 1;
        if (failures > mostDatabaseFailures) throw error;
        await sleep(waitMs(failures));
      }
    }
  };
  watch().catch(onGiveUp);
  let frozen: readonly number[] = [];
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
    async whileDown(work) {
      down = Promise.withResolvers();
      try {
        const until = performance.now() + downWithinMs;
        for (let left = processesOn(stateDir); left.length > 0; left = processesOn(stateDir)) {
          if (performance.now() > until) throw new Failure(`PostgreSQL on ${stateDir} cannot be ended.`);
          for (const pid of left) signalOne(pid, 'SIGKILL');
          await sleep(50);
        }
        work();
      } finally {
        down.resolve(undefined);
        down = undefined;
      }
    },
    freeze() {
      // The parent first: it starts no more children while it stands still.
      signalOne(postgres.pid, 'SIGSTOP');
      frozen = [postgres.pid, ...childrenOf(postgres.pid)];
      for (const pid of frozen) signalOne(pid, 'SIGSTOP');
    },
    continue() {
      // Also those whose parent was killed meanwhile: frozen, they would hold its memory for ever.
      for (const pid of frozen) signalOne(pid, 'SIGCONT');
      frozen = [];
    },
    async stop() {
      isOver = true;
      for (const pid of frozen) signalOne(pid, 'SIGCONT');
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

/** Whoever works in a folder, which is what every process of PostgreSQL does in that of its data. */
const processesOn = (folder: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${String(pid)}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    });

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
