/** The bank's calls as a screen makes them: typed by the server's own contract, every outcome one of three. */
import axios from 'axios';
import type { z } from 'zod';
import type { openAccount, readOwnAccount, readOwnEntries } from '../../../server/src/http/contract/accounts.ts';
import type { previewTransfer, transfer, withdraw } from '../../../server/src/http/contract/money.ts';
import type { logIn } from '../../../server/src/http/contract/sessions.ts';
import type { Problem } from '../../../server/src/http/problems.ts';

/** Refused: the bank said no, and why. Lost: no answer, or one that says that the bank could not do its part. */
export type Outcome<T> =
  | { readonly is: 'answered'; readonly body: T }
  | { readonly is: 'refused'; readonly problem: Problem }
  | { readonly is: 'lost' };

type AnswerOf<C extends { readonly answer: { readonly schema: z.ZodType } }> = z.output<C['answer']['schema']>;
type BodyOf<C extends { readonly body: z.ZodType }> = z.input<C['body']>;

export type Opening = BodyOf<typeof openAccount>;
export type OwnAccount = AnswerOf<typeof readOwnAccount>;
export type Entry = AnswerOf<typeof readOwnEntries>['entries'][number];
export type Preview = AnswerOf<typeof previewTransfer>;
export type Done = AnswerOf<typeof withdraw>;
export type TransferBody = BodyOf<typeof transfer>;

/** Longer than the server itself waits for its journal. */
const answerWithinMs = 20_000;
const http = axios.create({ baseURL: '/api/v1', timeout: answerWithinMs, validateStatus: () => true });

/** These say that the same request may be sent again. */
const meansLost = new Set<string>([
  ...['overloaded', 'unavailable', 'internal_error', 'too_many_requests', 'request_timeout'],
]);

async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  { body, key, query }: { body?: unknown; key?: string; query?: Record<string, unknown> } = {},
): Promise<Outcome<T>> {
  try {
    const { status, data } = await http.request<T | Problem>({
      method,
      url,
      data: body,
      params: query,
      headers: key === undefined ? {} : { 'Idempotency-Key': key },
    });
    if (status >= 200 && status < 300) return { is: 'answered', body: data as T };
    const problem = data as Partial<Problem> | undefined;
    // What is not a problem comes from something between the bank and this screen.
    if (problem?.code === undefined || meansLost.has(problem.code)) return { is: 'lost' };
    return { is: 'refused', problem: problem as Problem };
  } catch {
    return { is: 'lost' };
  }
}

/** For what changes nothing and for log-ins: again after a moment when the answer was lost. */
async function patiently<T>(make: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  for (const pauseMs of [400, 1_500]) {
    const outcome = await make();
    if (outcome.is !== 'lost') return outcome;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return make();
}

export const bank = {
  logIn: (body: BodyOf<typeof logIn>) => call<AnswerOf<typeof logIn>>('POST', '/sessions', { body }),
  logOut: () => patiently(() => call<undefined>('DELETE', '/sessions/current')),
  open: (key: string, body: Opening) => call<AnswerOf<typeof openAccount>>('POST', '/accounts', { key, body }),
  account: (after?: number) => patiently(() => call<OwnAccount>('GET', '/accounts/me', { query: { after } })),
  entries: (query: { limit: number; before?: string; after?: number }) =>
    patiently(() => call<AnswerOf<typeof readOwnEntries>>('GET', '/accounts/me/entries', { query })),
  preview: (body: BodyOf<typeof previewTransfer>) =>
    patiently(() => call<Preview>('POST', '/accounts/me/transfers/preview', { body })),
  deposit: (key: string, body: BodyOf<typeof withdraw>) => call<Done>('POST', '/accounts/me/deposits', { key, body }),
  withdraw: (key: string, body: BodyOf<typeof withdraw>) =>
    call<Done>('POST', '/accounts/me/withdrawals', { key, body }),
  transfer: (key: string, body: TransferBody) => call<Done>('POST', '/accounts/me/transfers', { key, body }),
};

/** Where the whole history is, for a link. */
export const statementUrl = '/api/v1/accounts/me/statement.csv';
