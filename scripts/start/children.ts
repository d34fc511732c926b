/** The bank's processes, projector and server: started, started again when they end by themselves, stopped in order. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';

const programs = [
  { name: 'The projector', path: '../../projections/src/main.ts', log: 'projector.log' },
  { name: 'The server', path: '../../server/src/main.ts', log: 'server.log' },
] as const;

type Program = (typeof programs)[number];

/** A process that ends so often within the window is not started again. */
const restarts = { most: 5, windowMs: 60_000, firstWaitMs: 200 };
const stopWithinMs = 25_000;

/** A log that has grown beyond this is put aside at the next start; the one put aside before goes. */
const largestLogBytes = 64 * 1024 * 1024;

export type Children = {
  /** Resolves when all of them answer; rejects with a `Failure` when one cannot start at all. */
  readonly started: Promise<void>;
  stop(): Promise<void>;
};

/** Their logs go to the state folder, their last words to the terminal; `giveUp` is told when one ends again and again. */
export function watchOver(env: NodeJS.ProcessEnv, stateDir: string, giveUp: (reason: string) => void): Children {
  const running = new Map<string, ChildProcess>();
  const endings = new Map<string, number[]>();
  let stopping = false;

  async function start(program: Program): Promise<void> {
    const { name, path } = program;
    const log = openLog(logOf(program, stateDir));
    // The line to the child is its life-line: when this process dies, however it dies, the child ends.
    const child = fork(fileURLToPath(new URL(path, import.meta.url)), {
      env,
      stdio: ['ignore', log, 'inherit', 'ipc'],
    });
    closeSync(log);
    running.set(name, child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => {
        resolve();
      });
      child.once('exit', () => {
        reject(new Failure(`${name} could not be started: see above, and the end of ${logOf(program, stateDir)}.`));
      });
    });
    child.once('exit', (code, signal) => void startAgain(program, signal ?? String(code)));
  }

  async function startAgain(program: Program, ending: string): Promise<void> {
    if (stopping) return;
    const { name } = program;
    const now = performance.now();
    const recent = [...(endings.get(name) ?? []), now].filter((at) => now - at < restarts.windowMs);
    endings.set(name, recent);
    if (recent.length > restarts.most) {
      giveUp(`${name} ends again and again: see the end of ${logOf(program, stateDir)}.`);
      return;
    }
    console.error(`${name} ended (${ending}) and is started again.`);
    await sleep(restarts.firstWaitMs * 2 ** recent.length);
    if (isStopping()) return;
    await start(program).catch(() => startAgain(program, 'at its start'));
  }

  const isStopping = (): boolean => stopping;
  return {
    started: (async () => {
      for (const program of programs) await start(program);
    })(),
    async stop() {
      stopping = true;
      // The server first: it may wait for the projector to show what it has just written.
      for (const { name } of programs.toReversed()) await end(running.get(name));
    },
  };
}

const logOf = ({ log }: Program, stateDir: string): string => join(stateDir, log);

function openLog(path: string): number {
  if (existsSync(path) && statSync(path).size > largestLogBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  child.kill('SIGTERM');
  const killed = setTimeout(() => {
    child.kill('SIGKILL');
  }, stopWithinMs);
  await ended;
  clearTimeout(killed);
}
