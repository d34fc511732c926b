/** Asks until it is answered, always under the same key, on one server after the other, and writes down what was asked and answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../../../api/src/call.ts';
import { parseAmount } from '../../../ledger/src/domain/money.ts';
import type { Chance } from './chance.ts';
import type { Client, Reply, Sent } from './client.ts';
import { connectTo } from './client.ts';
import type { DrilledBank, ServerName } from './drilled-bank.ts';
import type { Answer, Command, Operation, Read, Snapshot, Total } from './history.ts';

/** Past so many attempts, or so long, nobody goes on asking: the outcome is unknown for good. */
export type Patience = { readonly answerWithinMs: number; readonly attempts: number; readonly askForMs: number };
const persistent: Patience = { answerWithinMs: 5_000, attempts: Number.POSITIVE_INFINITY, askForMs: 120_000 };
const pause = { leastMs: 50, mostMs: 400 };

/** What settles nothing: the session is renewed, or it is asked again later. */
const unsettled: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

export type Recorder = {
  readonly patience: Patience;
  readonly operations: Operation[];
  readonly reads: Read[];
  readonly snapshots: Snapshot[];
  readonly totals: Total[];
  /** How many answers of each kind there were: statuses with codes, and errors of the connection. */
  readonly answers: Map<string, number>;
  readonly clients: Readonly<Record<ServerName, Client>>;
  /** Aborted when nothing new is to be asked for. */
  readonly signal: AbortSignal;
};

export function recorderFor(
  { ca, ports }: Pick<DrilledBank, 'ca' | 'ports'>,
  signal: AbortSignal,
  patience: Patience = persistent,
): Recorder {
  const { answerWithinMs } = patience;
  return {
    ...{ patience, operations: [], reads: [], snapshots: [], totals: [], answers: new Map(), signal },
    clients: {
      'server-a': connectTo({ port: ports['server-a'], ca, answerWithinMs }),
      'server-b': connectTo({ port: ports['server-b'], ca, answerWithinMs }),
    },
  };
}

export type Asking = {
  /** Where to ask; undefined: one server after the other. */
  readonly server?: ServerName;
  /** Sends once; what it sends may depend on the token of the moment. */
  readonly sent: () => Sent;
  /** After 401 or the like: a new session, or false where there is none to be had. */
  readonly renew?: () => Promise<boolean>;
  readonly chance: Chance;
};

/** Undefined: never answered. */
export async function askUntilAnswered(recorder: Recorder, call: Call, asking: Asking): Promise<Reply | undefined> {
  const { chance, renew } = asking;
  const { attempts, askForMs } = recorder.patience;
  const until = performance.now() + askForMs;
  let turn = chance.whole(0, 1);
  for (let attempt = 0; attempt < attempts && performance.now() < until; attempt++) {
    const server = asking.server ?? (turn++ % 2 === 0 ? 'server-a' : 'server-b');
    const reply = await askOnce(recorder, server, call, asking.sent());
    if (reply !== undefined && !unsettled.has(reply.status)) {
      if (reply.status !== 401 || renew === undefined) return reply;
      if (!(await renew())) return undefined;
      continue;
    }
    await sleep(chance.whole(pause.leastMs, pause.mostMs));
  }
  return undefined;
}

async function askOnce(
  { clients, answers }: Pick<Recorder, 'clients' | 'answers'>,
  server: ServerName,
  call: Call,
  sent: Sent,
): Promise<Reply | undefined> {
  const count = (what: string): void => void answers.set(what, (answers.get(what) ?? 0) + 1);
  try {
    const reply = await clients[server].send(call, sent);
    const { code } = reply.body;
    count(typeof code === 'string' ? `${String(reply.status)} ${code}` : String(reply.status));
    return reply;
  } catch (error) {
    count(`no answer: ${error instanceof Error && 'code' in error ? String(error.code) : 'cut short'}`);
    return undefined;
  }
}

/** One command, or several that one call stands for. */
export type Recording = {
  readonly commands: readonly Command[];
  /** What each command was answered, in the same order. */
  readonly answersIn: (reply: Reply) => readonly Answer[];
};

/** So often a command that was answered is sent once more, to another server perhaps. */
const replayShare = 0.05;

/** Asks, and records; gives the reply. `isReplayable`: the same sent again is the same command. */
export async function carryOut(
  recorder: Recorder,
  call: Call,
  asking: Asking,
  { commands, answersIn, isReplayable = true }: Recording & { readonly isReplayable?: boolean },
): Promise<Reply | undefined> {
  const askedMs = performance.now();
  const first = await askUntilAnswered(recorder, call, asking);
  const answeredMs = performance.now();
  const replies = first === undefined ? [] : [first];
  if (first !== undefined && isReplayable && asking.chance.next() < replayShare) {
    const again = await askUntilAnswered(recorder, call, asking);
    if (again !== undefined) replies.push(again);
  }
  const answered = replies.map(answersIn);
  for (const [index, command] of commands.entries()) {
    const answers = answered.map((one) => one[index] as Answer);
    recorder.operations.push({ command, askedMs, ...(first !== undefined && { answeredMs }), answers });
  }
  return first;
}

/** Of a call that stands for one command. */
export function answerIn({ status, body }: Reply): Answer {
  if (status >= 300) return { outcome: 'rejected', code: String(body['code']) };
  const { position, operationId, balance, accountNumber } = body;
  return {
    outcome: 'accepted',
    ...(typeof position === 'number' && { position }),
    ...(typeof operationId === 'string' && { operationId }),
    ...(typeof balance === 'string' && { balanceMinor: minorOf(balance) }),
    ...(typeof accountNumber === 'string' && { opened: accountNumber }),
  };
}

export function minorOf(balance: unknown): bigint {
  const minor = typeof balance === 'string' ? parseAmount(balance, 'EUR') : undefined;
  if (minor === undefined) throw new Error(`an answer has ${JSON.stringify(balance)} where a balance should be`);
  return minor;
}
