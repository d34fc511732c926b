/** A relay on the loopback that stands in for a bad network: it delays, halves, drops, vanishes, resets, or lets bytes trickle. */
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const networkFaults = ['delay', 'halve', 'drop', 'vanish', 'reset', 'trickle'] as const;
export type NetworkFault = (typeof networkFaults)[number];

export type Relay = {
  readonly port: number;
  /**
   * `delay`: everything comes late; `halve`: half of what is sent next arrives, then the connection is reset; `drop`:
   * nothing arrives and nobody is told, until the network is whole again and the connection is found to be dead;
   * `vanish`: the same, and nobody is told then either: what was open stays silent, as after a power cut, until
   * the probes of whoever holds it would have ended it (a relay answers them, so it does that in their place);
   * `reset`: every connection, new ones too; `trickle`: a few bytes at a time.
   */
  set(mode: NetworkFault | 'whole'): void;
  close(): Promise<void>;
};

const delayMs = 150;
/** Of `ledger/src/postgres-liveness.ts`: what both sides of a connection to PostgreSQL ask for. */
const probesMs = 25_000;
const trickle = { bytes: 24, everyMs: 5 };

type Pair = { readonly near: Socket; readonly far: Socket; hears: 'all' | 'nothing' | 'nothing any more' };

export async function openRelay(target: { readonly host: string; readonly port: number }): Promise<Relay> {
  let mode: NetworkFault | 'whole' = 'whole';
  const pairs = new Set<Pair>();
  const reset = ({ near, far }: Pair): void => {
    near.resetAndDestroy();
    far.resetAndDestroy();
  };

  const vanish = (pair: Pair): void => {
    if (pair.hears === 'nothing any more') return;
    pair.hears = 'nothing any more';
    setTimeout(reset, probesMs, pair).unref();
  };

  async function deliver(pair: Pair, chunk: Buffer, to: Socket): Promise<void> {
    if (pair.hears === 'nothing any more') return;
    switch (mode) {
      case 'whole':
      case 'reset':
        return write(to, chunk);
      case 'delay':
        await sleep(delayMs);
        return write(to, chunk);
      case 'halve':
        await write(to, chunk.subarray(0, Math.floor(chunk.length / 2)));
        reset(pair);
        return;
      case 'drop':
        pair.hears = 'nothing';
        return;
      case 'vanish':
        vanish(pair);
        return;
      case 'trickle':
        for (let at = 0; at < chunk.length && !to.destroyed; at += trickle.bytes) {
          await write(to, chunk.subarray(at, at + trickle.bytes));
          await sleep(trickle.everyMs);
        }
    }
  }

  async function pass(pair: Pair, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from) await deliver(pair, chunk as Buffer, to);
      if (pair.hears === 'nothing any more') return;
      to.end();
    } catch {
      to.destroy();
    }
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const pair: Pair = { near, far, hears: 'all' };
    pairs.add(pair);
    for (const socket of [near, far]) {
      socket.on('error', () => {
        reset(pair);
      });
      socket.on('close', () => pairs.delete(pair));
    }
    if (mode === 'reset') {
      reset(pair);
      return;
    }
    void pass(pair, near, far);
    void pass(pair, far, near);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next;
      for (const pair of pairs) {
        if (next === 'vanish') vanish(pair);
        else if (next === 'reset' || pair.hears === 'nothing') reset(pair);
      }
    },
    async close() {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Waits while the other side takes no more. */
const write = (to: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (bytes.length === 0 || to.destroyed || to.writableEnded) {
      resolve();
      return;
    }
    to.write(bytes, () => {
      resolve();
    });
  });
