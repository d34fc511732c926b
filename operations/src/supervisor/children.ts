/** The bank's processes, projector, signer and server: started, started again when they end by themselves, stopped in order. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { backOff } from '../../../ledger/src/back-off.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { LogFile } from './log-file.ts';
import { openLogFile } from './log-file.ts';

/** In the order of starting. */
const programs = [
  { name: 'projector', path: '../../../projections/src/main.ts' },
  { name: 'signer', path: '../signer/main.ts' },
  { name: 'server', path: '../../../server/src/main.ts' },
] as const;

type Program = (typeof programs)[number];
export type ProgramName = Program['name'];
export const programNames: readonly ProgramName[] = programs.map(({ name }) => name);

/** Where a debugger can attach to a process, on the loopback. */
export type InspectorPorts = ReadonlyMap<ProgramName, number>;

/** A process that ends more often within the window is not started again. */
const restarts = { most: 5, windowMs: 60_000, waitMs: backOff({ firstMs: 400, mostMs: 12_800 }) };
/** More than the 20 s that a server takes at most to end in order. */
const stopWithinMs = 25_000;

export type Children = {
  /** Resolves when all of them answer; rejects with a `Failure` when one cannot start at all. */
  readonly started: Promise<void>;
  stop(): Promise<void>;
};

export type ChildrenOptions = {
  readonly env: Readonly<Record<ProgramName, NodeJS.ProcessEnv>>;
  /** Their logs go there, what they write to standard error to the terminal. */
  readonly stateDir: string;
  readonly inspectorPorts: InspectorPorts;
  /** What Node itself is told when it starts them. */
  readonly nodeOptions: readonly string[];
  /** Told when one ends again and again. */
  readonly onGiveUp: (reason: Failure) => void;
};

export function superviseChildren(options: ChildrenOptions): Children {
  const { stateDir, onGiveUp } = options;
  const running = new Map<ProgramName, ChildProcess>();
  const endings = new Map<ProgramName, number[]>();
  const logs = new Map(programNames.map((name) => [name, openLogFile({ name, path: logOf(name, stateDir) })]));
  let stopping = false;
  const isStopping = (): boolean => stopping;

  async function start(program: Program): Promise<void> {
    const { name } = program;
    const child = launch(program, options, logs.get(name));
    running.set(name, child);
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message) => {
        if (isReady(message)) resolve();
      });
      child.once('exit', () => {
        reject(new Failure(`The ${name} could not be started: see above, and the end of ${logOf(name, stateDir)}.`));
      });
      // Also when a signal cannot be sent; without a listener it would end this process.
      child.on('error', (error) => {
        reject(new Failure(`The ${name} could not be started (${error.message}).`));
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
      onGiveUp(new Failure(`The ${name} ends again and again: see the end of ${logOf(name, stateDir)}.`));
      return;
    }
    console.error(`The ${name} ended (${ending}) and is started again.`);
    await sleep(restarts.waitMs(recent.length - 1));
    if (isStopping()) return;
    await start(program).catch(() => startAgain(program, 'at its start'));
  }

  return {
    started: (async () => {
      for (const program of programs) await start(program);
    })(),
    async stop() {
      stopping = true;
      // The server first: it may wait for the projector to show what it has just written.
      for (const { name } of programs.toReversed()) {
        await end(running.get(name));
        await logs.get(name)?.close();
      }
    },
  };
}

/** Watched over by Node, a process sends other messages too. */
const isReady = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;

function launch(
  { name, path }: Program,
  { env, inspectorPorts, nodeOptions }: ChildrenOptions,
  log: LogFile | undefined,
): ChildProcess {
  const inspectorPort = inspectorPorts.get(name);
  // By the channel to this process the child knows that it lives: when this process dies, however it dies, the child ends.
  const child = fork(fileURLToPath(new URL(path, import.meta.url)), {
    env: env[name],
    execArgv: [
      ...process.execArgv,
      ...nodeOptions,
      ...(inspectorPort === undefined ? [] : [`--inspect=127.0.0.1:${String(inspectorPort)}`]),
    ],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout !== null) log?.take(child.stdout);
  return child;
}

export const logOf = (name: ProgramName, stateDir: string): string => join(stateDir, `${name}.log`);

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
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
