/** The bank's calls as a screen makes them: typed by the server's own contract, every outcome one of three. */
import axios from 'axios';
import type { z } from 'zod/mini';
import type { changePin, openAccount, readOwnAccount, readOwnEntries } from '../../../api/src/calls/accounts.ts';
import type { previewTransfer, transfer, withdraw } from '../../../api/src/calls/money.ts';
import type { readOwnProofCode } from '../../../api/src/calls/receipts.ts';
import type { logIn } from '../../../api/src/calls/sessions.ts';
import type { Problem } from '../../../api/src/problems.ts';

/** Rejected: the bank said no, and why. Lost: no answer, or one that says that the bank could not do its part. */
export type Outcome<T> =
  /** `at`: by the bank's clock, not this machine's. */
  | { readonly is: 'answered'; readonly body: T; readonly at: string }
  | { readonly is: 'rejected'; readonly problem: Problem }
  /** With what the bank said, where it said anything. */
  | { readonly is: 'lost'; readonly problem?: Problem };

type AnswerOf<C extends { readonly answer: { readonly schema: z.ZodMiniType } }> = z.output<C['answer']['schema']>;
type BodyOf<C extends { readonly body: z.ZodMiniType }> = z.input<C['body']>;

export type Opening = BodyOf<typeof openAccount>;
export type Session = AnswerOf<typeof logIn>;
export type OwnAccount = AnswerOf<typeof readOwnAccount>;
export type Entry = AnswerOf<typeof readOwnEntries>['entries'][number];
export type Preview = AnswerOf<typeof previewTransfer>;
export type Done = AnswerOf<typeof withdraw>;

/** Longer than the server itself waits for its journal. */
const answerWithinMs = 20_000;
const http = axios.create({ baseURL: '/api/v1', timeout: answerWithinMs, validateStatus: () => true });

/** These say that the same request may be sent again. */
const meansLost = new Set<string>([
  ...[
    'overloaded',
    'read_model_behind',
    'proof_not_ready',
    'unavailable',
    'event_unreadable',
    'internal_error',
    'request_timeout',
  ],
]);
/** A short wait is waited out; a longer one is for the person to know of. */
const longestWaitSeconds = 30;

const mayBeSentAgain = ({ code, retryAfter = 0 }: Problem): boolean =>
  meansLost.has(code) || (code === 'too_many_requests' && retryAfter <= longestWaitSeconds);

type Request = {
  readonly body?: unknown;
  readonly key?: string;
  readonly query?: Record<string, unknown>;
  /** The account that is meant: the bank rejects the call when the browser's session is another's by now. */
  readonly account?: string;
};

async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  { body, key, query, account }: Request = {},
): Promise<Outcome<T>> {
  try {
    const { status, data, headers } = await http.request<T | Problem>({
      method,
      url,
      data: body,
      params: query,
      headers: {
        ...(key !== undefined && { 'Idempotency-Key': key }),
        ...(account !== undefined && { 'X-Account': account }),
      },
    });
    if (status >= 200 && status < 300) {
      const date = new Date(String(headers['date']));
      return { is: 'answered', body: data as T, at: date.toISOString() };
    }
    const problem = data as Partial<Problem> | undefined;
    // What is not a problem comes from something between the bank and this screen.
    if (problem?.code === undefined) return { is: 'lost' };
    const is = mayBeSentAgain(problem as Problem) ? 'lost' : 'rejected';
    return { is, problem: problem as Problem };
  } catch {
    return { is: 'lost' };
  }
}

/** For what changes nothing: again after a moment when the answer was lost. */
export async function patiently<T>(make: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  for (const pauseMs of [400, 1_500]) {
    const outcome = await make();
    if (outcome.is !== 'lost') return outcome;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return make();
}

export const bank = {
  logIn: (body: BodyOf<typeof logIn>) => call<Session>('POST', '/sessions', { body }),
  /** Of this account only; of whoever's it is where none is given. */
  logOut: (account: string | undefined) =>
    call<undefined>('DELETE', '/sessions/current', account === undefined ? {} : { account }),
  open: (key: string, body: Opening) => call<AnswerOf<typeof openAccount>>('POST', '/accounts', { key, body }),
};

/** The calls on one account: each says which one it means. */
export const callsOn = (account: string) => ({
  read: (after?: number) => call<OwnAccount>('GET', '/accounts/me', { account, query: { after } }),
  entries: (query: { limit: number; before?: string; after?: number }) =>
    patiently(() => call<AnswerOf<typeof readOwnEntries>>('GET', '/accounts/me/entries', { account, query })),
  statement: () => patiently(() => call<string>('GET', '/accounts/me/statement.csv', { account })),
  /** Of the operation at this position of the journal. */
  proof: (position: number) =>
    patiently(() => call<string>('GET', '/accounts/me/proof', { account, query: { position } })),
  proofCode: (position: number) =>
    patiently(() =>
      call<AnswerOf<typeof readOwnProofCode>>('GET', '/accounts/me/proof-code', { account, query: { position } }),
    ),
  preview: (body: BodyOf<typeof previewTransfer>) =>
    patiently(() => call<Preview>('POST', '/accounts/me/transfers/preview', { account, body })),
  deposit: (key: string, body: BodyOf<typeof withdraw>) =>
    call<Done>('POST', '/accounts/me/deposits', { account, key, body }),
  withdraw: (key: string, body: BodyOf<typeof withdraw>) =>
    call<Done>('POST', '/accounts/me/withdrawals', { account, key, body }),
  transfer: (key: string, body: BodyOf<typeof transfer>) =>
    call<Done>('POST', '/accounts/me/transfers', { account, key, body }),
  changePin: (body: BodyOf<typeof changePin>) =>
    call<undefined>('POST', '/accounts/me/pin', { account, key: crypto.randomUUID(), body }),
});

/** Whether too many wrong PINs have locked access: for `retryAfter` seconds, or without it until the bank unlocks it. */
export const isLocked = ({ code, attemptsLeft }: Problem): boolean =>
  code === 'access_locked' || (code === 'pin_invalid' && attemptsLeft === 0);

/** Why a rejection means that the visit is over; undefined: it goes on. */
export function endOfVisit({ code }: Problem): 'expired' | 'changed' | undefined {
  if (code === 'unauthenticated') return 'expired';
  return code === 'session_changed' ? 'changed' : undefined;
}
