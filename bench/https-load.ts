/** A process of its own that sends requests over HTTPS, so that making the load does not slow down what is loaded. */
import { randomUUID } from 'node:crypto';
import { Client } from 'undici';
import type { Round } from './load.ts';
import { closedLoop, pacedLoop } from './load.ts';
import { randomPairs } from './transfers.ts';

/** What the process is told once. */
export type Target = {
  readonly origin: string;
  readonly ca: string;
  readonly accounts: number;
  /** One token an account, of accounts 1, 2, 3 … */
  readonly customerTokens: readonly string[];
  readonly pin: string;
  readonly operatorToken: string;
};

export type Kind = 'empty route' | 'balance' | 'deposit' | 'transfer' | 'batch';

/** What it is asked for, round by round; it answers with a `Round`. */
export type Task = {
  readonly kind: Kind;
  readonly callers: number;
  readonly forMs: number;
  /** Of all callers together; absent: each calls again as soon as it is answered. */
  readonly callsPerSecond?: number;
};

type Sent = { readonly method: 'GET' | 'POST'; readonly path: string; readonly token?: string; readonly body?: object };

export const batchSize = 1_000;

function requestOf(kind: Kind, caller: number, target: Target): Sent {
  const { accounts, customerTokens, operatorToken, pin } = target;
  const account = caller % customerTokens.length;
  const token = customerTokens[account] ?? '';
  const next = randomPairs(accounts);
  switch (kind) {
    case 'empty route':
      return { method: 'GET', path: '/health/live' };
    case 'balance':
      return { method: 'GET', path: '/api/v1/accounts/me', token };
    case 'deposit':
      return { method: 'POST', path: '/api/v1/accounts/me/deposits', token, body: { amount: '0.01', pin } };
    case 'transfer': {
      const { from, to } = next();
      const recipient = to === account + 1 ? from : to;
      const body = { to: String(recipient), amount: '0.01', pin, reference: 'rent' };
      return { method: 'POST', path: '/api/v1/accounts/me/transfers', token, body };
    }
    case 'batch': {
      const transfers = Array.from({ length: batchSize }, (_, n) => {
        const { from, to } = next();
        return { id: String(n), from: String(from), to: String(to), amount: '0.01', reference: 'rent' };
      });
      return {
        method: 'POST',
        path: '/api/v1/transfers/batch',
        token: operatorToken,
        body: { reason: 'rent', transfers },
      };
    }
  }
}

/** Each caller has a connection of its own, as a terminal has. */
async function run({ kind, callers, forMs, callsPerSecond: perSecond }: Task, target: Target): Promise<Round> {
  const clients = Array.from({ length: callers }, () => new Client(target.origin, { connect: { ca: target.ca } }));
  const free = clients.map((client, caller) => ({ client, caller }));
  async function call(): Promise<void> {
    const mine = free.pop();
    if (mine === undefined) throw new Error('there are as many connections as callers');
    const { method, path, token, body } = requestOf(kind, mine.caller, target);
    const reply = await mine.client.request({
      method,
      path,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await reply.body.text();
    if (reply.statusCode >= 300 || (kind === 'batch' && text.includes('rejected'))) {
      throw new Error(`${kind}: ${String(reply.statusCode)} ${text.slice(0, 200)}`);
    }
    free.push(mine);
  }
  // Connections are made before the clock starts.
  await Promise.all(clients.map(() => call()));
  const load = { callers, forMs, call };
  const round = await (perSecond === undefined ? closedLoop(load) : pacedLoop({ ...load, perSecond }));
  await Promise.all(clients.map((client) => client.close()));
  return kind === 'batch' ? { ...round, perSecond: round.perSecond * batchSize } : round;
}

let target: Target | undefined;
process.on('message', (message: Target | Task) => {
  if ('origin' in message) {
    target = message;
    return;
  }
  if (target === undefined) throw new Error('a target comes first');
  run(message, target).then(
    (round) => process.send?.(round),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
