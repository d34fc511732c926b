/** What has to be right before anything is started; each thing that is not is one sentence. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { Failure, isCode } from '../../../ledger/src/failure.ts';

export function ensureWritable(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true });
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    throw new Failure(`The data folder ${stateDir} is not writable: make it so, or set STATE_DIR to another folder.`);
  }
}

/** Rejects with a `Failure` when another program listens there already. */
export function ensurePortFree({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      reject(
        new Failure(
          isCode(error, 'EADDRINUSE')
            ? `Port ${String(port)} is taken by another program: stop it, or choose another port with PORT=….`
            : `The server may not listen on ${host}:${String(port)} (${error.message}): set HOST or PORT.`,
        ),
      );
    });
    probe.listen({ host, port }, () => {
      probe.close(() => {
        resolve();
      });
    });
  });
}
