/** Finds a port of the loopback that nobody listens on, of those that no system gives away by itself. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Failure } from '../../ledger/src/failure.ts';

/**
 * Below the ports for outgoing connections and for `listen(0)` (32,768 and up on Linux, 49,152 by IANA): a program that
 * is started again still finds its own free.
 */
const [first, end] = [10_000, 32_768];
const mostTries = 100;

/** Throws a `Failure` when none is found. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < mostTries; tries++) {
    const port = randomInt(first, end);
    if (await isFree(port)) return port;
  }
  throw new Failure(
    `None of ${String(mostTries)} ports tried between ${String(first)} and ${String(end - 1)} is free.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
