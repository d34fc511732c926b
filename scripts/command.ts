/** What all commands have in common: their arguments are read alike, and they end alike. */
import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { endWith, Failure, printFailure } from '../ledger/src/failure.ts';

/** Runs a command. When it fails it says why, in one sentence or with the whole error for a bug, and ends with 1. */
export function command(main: () => Promise<void>): void {
  main().catch(endWith);
}

/** The command line as `config` describes it. Throws a `Failure` that ends with the usage. */
export function readArguments<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/**
 * Runs what goes on until Ctrl-C or SIGTERM, or until it fails, and then ends the process. Whoever asks twice does not
 * want to wait.
 */
export async function runUntilStopped(
  run: (ending: { readonly signal: AbortSignal; readonly onFailure: (error: unknown) => void }) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController();
  let exitCode = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted || exitCode !== 0) process.exit(130);
      console.log('Stopping …');
      stopping.abort();
    });
  }
  await run({
    signal: stopping.signal,
    onFailure(error) {
      exitCode = 1;
      printFailure(error);
    },
  });
  process.exit(exitCode);
}
