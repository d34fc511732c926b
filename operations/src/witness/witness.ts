/** A witness: cosigns what continues the checkpoint that it cosigned last of a log, one request after the other, over HTTP. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import readRaw from 'raw-body';
import { Failure } from '../../../ledger/src/failure.ts';
import { cosign } from '../../../ledger/src/transparency/checkpoint.ts';
import type { SigningKey, VerifierKey } from '../../../ledger/src/transparency/note.ts';
import {
  isBy,
  noteText,
  signatureLine,
  signatureTypes,
  signingKey,
  vkeyOf,
} from '../../../ledger/src/transparency/note.ts';
import { makeSecretFile } from '../../../ledger/src/vault/secret-file.ts';
import { nameOf, readCosigned, writeCosigned } from './cosigned-file.ts';
import type { Submission } from './decide.ts';
import { readSubmission, refusalOf } from './decide.ts';

export type WitnessOptions = {
  readonly name: string;
  /** The logs it cosigns, each with another name. */
  readonly logs: readonly VerifierKey[];
  /** For its key and for what it cosigned: of this witness alone. */
  readonly dir: string;
  readonly host?: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
};

export type Witness = {
  readonly url: string;
  readonly vkey: string;
  /** What a log's policy says of this witness. */
  readonly policyLine: string;
  close(): Promise<void>;
};

type Answer = { readonly status: number; readonly text: string; readonly type?: string };

/** 63 hashes and a note with 64 signatures, of names with a few hundred characters. */
const mostBodyBytes = 65_536;
/** Of one log, waiting for each other. */
const mostWaiting = 16;
const mostConnections = 64;
const requestMs = 10_000;
const plainText = 'text/plain; charset=utf-8';

/** Made at the first start. Throws a `Failure`. */
export const readWitnessKey = async (dir: string, name: string): Promise<SigningKey> =>
  signingKey(name, signatureTypes.cosignature, await makeSecretFile(join(dir, 'witness.key')));

/** Throws a `Failure` when its key cannot be read, or its port is taken. */
export async function startWitness(options: WitnessOptions): Promise<Witness> {
  const { name, logs, dir, host = 'localhost', port, log } = options;
  const key = await readWitnessKey(dir, name);
  for (const known of logs) {
    const last = await readCosigned(dir, known, key).catch((error: unknown) => {
      log.error({ err: error, origin: known.name }, 'nothing of this log is cosigned');
    });
    log.info({ origin: known.name, size: last?.size ?? 0 }, 'a log that is witnessed');
  }
  const answer = answers(options, key);
  const server = createServer(
    { connectionsCheckingInterval: 1_000, requestTimeout: requestMs },
    (request, response) => {
      void answer(request)
        .catch((error: unknown) => {
          log.error({ err: error }, 'a request could not be answered');
          return failed(error);
        })
        .then((given) => {
          send(response, given);
        });
    },
  );
  server.maxConnections = mostConnections;
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    throw new Failure(`The witness cannot listen on ${host}:${String(port)} (${String(error)}): choose another port.`);
  });
  const { port: taken } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${String(taken)}`;
  return {
    url,
    vkey: vkeyOf(key),
    policyLine: `witness ${name} ${vkeyOf(key)} ${url}`,
    async close() {
      server.close();
      server.closeIdleConnections();
      const closed = once(server, 'close');
      const cut = setTimeout(() => {
        server.closeAllConnections();
      }, requestMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function answers({ logs, dir, log }: WitnessOptions, key: SigningKey): (request: IncomingMessage) => Promise<Answer> {
  const queues = new Map(logs.map(({ name }) => [name, { last: Promise.resolve(), length: 0 }]));

  /** Deciding and remembering are one step: of one log, one request at a time. */
  async function inTurn(origin: string, decide: () => Promise<Answer>): Promise<Answer> {
    const queue = queues.get(origin);
    if (queue === undefined || queue.length >= mostWaiting) return { status: 503, text: 'too many requests at once\n' };
    queue.length++;
    const mine = queue.last.then(decide);
    queue.last = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine.finally(() => {
      queue.length--;
    });
  }

  async function decide(submission: Submission): Promise<Answer> {
    const { key: known, checkpoint } = submission;
    const refusal = refusalOf(submission, await readCosigned(dir, known, key));
    if (refusal?.status === 409) {
      return { status: 409, text: `${String(refusal.lastSize)}\n`, type: 'text/x.tlog.size' };
    }
    if (refusal !== undefined) {
      // Signed by the log: it may be the proof that it shows two histories.
      log.warn({ origin: known.name, reason: refusal.reason, note: noteText(checkpoint.note) }, 'not cosigned');
      return { status: refusal.status, text: `${refusal.reason}\n` };
    }
    const { text, signatures } = checkpoint.note;
    const line = cosign(key, text, Math.floor(Date.now() / 1000));
    await writeCosigned(dir, known.name, { text, signatures: [...signatures.filter((one) => isBy(one, known)), line] });
    log.info({ origin: known.name, size: checkpoint.size }, 'a checkpoint was cosigned');
    return { status: 200, text: signatureLine(line) };
  }

  async function addCheckpoint(request: IncomingMessage): Promise<Answer> {
    let body: string;
    try {
      body = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        await readRaw(request, { limit: mostBodyBytes }),
      );
    } catch {
      return { status: 400, text: `the body is no text in UTF-8 of at most ${String(mostBodyBytes)} bytes\n` };
    }
    const submission = readSubmission(body, logs);
    if ('checkpoint' in submission) return inTurn(submission.key.name, () => decide(submission));
    return { status: submission.status, text: 'reason' in submission ? `${submission.reason}\n` : '' };
  }

  return async (request) => {
    const { method = '', url = '' } = request;
    if (url === '/add-checkpoint') {
      return method === 'POST' ? addCheckpoint(request) : { status: 405, text: 'send it with POST\n' };
    }
    const known = logs.find(({ name }) => url === `/${nameOf(name)}/checkpoint`);
    const last = known && (await readCosigned(dir, known, key));
    if (last === undefined) return { status: 404, text: 'there is nothing here\n' };
    return method === 'GET' ? { status: 200, text: noteText(last.note) } : { status: 405, text: 'read it with GET\n' };
  };
}

/** Whoever asks learns that it is this witness's fault, not where its files are. */
const failed = (error: unknown): Answer => ({
  status: 500,
  text: error instanceof Failure ? 'this witness lacks what it cosigned last: nothing is cosigned\n' : 'an error\n',
});

function send(response: ServerResponse, { status, text, type = plainText }: Answer): void {
  // What was not read of a body that is too long is not waited for.
  if (status >= 400) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}
