/** The bank's processes, projector and server: started, started again when they end by themselves, stopped in order. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';

const programs = [
  { name: 'The projector', path: '../../projections/src/main.ts' },
  { name: 'The server', path: '../../server/src/main.ts' },
] as const;

/** A process that ends so often within the window is not started again. */
const restarts = { most: 5, windowMs: 60_000, firstWaitMs: 200 };
const stopWithinMs = 25_000;

export type Children = { stop(): Promise<void> };

/** Resolves when all of them answer; throws `Failure` when one cannot start at all. */
export async function watchOver(env: NodeJS.ProcessEnv, giveUp: (name: string) => void): Promise<Children> {
  const running = new Map<string, ChildProcess>();
  const endings = new Map<string, number[]>();
  let stopping = false;

  async function start(program: (typeof programs)[number]): Promise<void> {
    const { name, path } = program;
    // The line to the child is its life-line: when this process dies, however it dies, the child ends.
    const child = fork(fileURLToPath(new URL(path, import.meta.url)), {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.set(name, child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => {
        resolve();
      });
      child.once('exit', () => {
        reject(new Failure(`${name} could not be started: see the message above.`));
      });
    });
    child.once('exit', (code, signal) => void startAgain(code, signal));

    async function startAgain(code: number | null, signal: string | null): Promise<void> {
      if (stopping) return;
      const now = performance.now();
      const recentEndings = [...(endings.get(name) ?? []), now].filter((at) => now - at < restarts.windowMs);
      endings.set(name, recentEndings);
      const recent = recentEndings.length;
      if (recent > restarts.most) {
        giveUp(name);
        return;
      }
      console.error(`${name} ended (${signal ?? String(code)}) and is started again.`);
      await sleep(restarts.firstWaitMs * 2 ** recent);
      await start(program).catch(() => startAgain(null, null));
    }
  }

  for (const program of programs) await start(program);
  return {
    async stop() {
      stopping = true;
      // The server first: it may wait for the projector to show what it has just written.
      for (const { name } of programs.toReversed()) await end(running.get(name));
    },
  };
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
