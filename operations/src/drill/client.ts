/** A client of the public API over HTTPS that gives up on an answer in time, and says which answers settle nothing. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import type { Call } from '../../../api/src/call.ts';

export type Reply = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

export type Sent = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly token?: string | undefined;
  /** A new one unless given. */
  readonly key?: string;
};

export type Client = {
  /** Rejects when there was no whole answer in time: whether anything was done is not known then. */
  send(call: Call, sent: Sent): Promise<Reply>;
  close(): void;
};

export function connectTo(origin: {
  readonly port: number;
  readonly ca: string;
  readonly answerWithinMs: number;
}): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, ca: origin.ca });
  return {
    send(call, { params = {}, query = {}, body, token, key = randomUUID() }) {
      const path = call.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
      const search = new URLSearchParams(query).toString();
      const text = body === undefined ? undefined : JSON.stringify(body);
      return exchange(
        {
          ...{ agent, host: 'localhost', port: origin.port, method: call.method.toUpperCase() },
          path: search === '' ? path : `${path}?${search}`,
          headers: {
            ...(text !== undefined && {
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(text)),
            }),
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(call.command === true && { 'idempotency-key': key }),
          },
          signal: AbortSignal.timeout(origin.answerWithinMs),
        },
        text,
      );
    },
    close() {
      agent.destroy();
    },
  };
}

function exchange(options: Parameters<typeof request>[1], text: string | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('close', () => {
        if (!incoming.complete) reject(new Error('the answer was cut short'));
      });
      incoming.on('end', () => {
        const received = Buffer.concat(chunks).toString();
        const isJson = /\bjson\b/.test(String(incoming.headers['content-type']));
        try {
          resolve({
            status: incoming.statusCode ?? 0,
            body: isJson ? (JSON.parse(received) as Reply['body']) : {},
          });
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
