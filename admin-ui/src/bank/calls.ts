/** The calls the console makes, typed by the server's own contract. */
import axios from 'axios';
import type { z } from 'zod/mini';
import type * as audit from '../../../api/src/calls/audit-accounts.ts';
import type { readOverview, trialBalance } from '../../../api/src/calls/bank-overview.ts';
import type { listVerifications, readVerification } from '../../../api/src/calls/verification.ts';
import type { logInStaff } from '../../../api/src/calls/staff.ts';
import type { Problem } from '../../../api/src/problems.ts';

type AnswerOf<C extends { readonly answer: { readonly schema: z.ZodMiniType } }> = z.output<C['answer']['schema']>;

export type Overview = AnswerOf<typeof readOverview>;
export type TrialBalance = AnswerOf<typeof trialBalance>;
export type Accounts = AnswerOf<typeof audit.searchAccounts>;
export type Account = AnswerOf<typeof audit.auditAccount>;
export type JournalEvent = AnswerOf<typeof audit.auditEvents>['events'][number];
export type Entry = AnswerOf<typeof audit.auditEntries>['entries'][number];
export type StateAt = AnswerOf<typeof audit.auditState>;
export type StateSummary = AnswerOf<typeof audit.auditStateSummary>;
export type BalancePoint = AnswerOf<typeof audit.readBalanceHistory>['points'][number];
export type Verification = AnswerOf<typeof listVerifications>['verifications'][number];
export type VerificationInFull = AnswerOf<typeof readVerification>;
export type Session = Pick<AnswerOf<typeof logInStaff>, 'username' | 'role' | 'timeZone'>;

/** The bank said no; its own sentence says why and what to do. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const http = axios.create({ baseURL: '/api/v1', timeout: 20_000, validateStatus: () => true });
let onLoggedOut = (): void => undefined;
/** Told when the session has ended at the bank. */
export const whenLoggedOut = (tell: () => void): void => {
  onLoggedOut = tell;
};

/** A balancer or a proxy in between answers in its own form: that is no answer of the bank's. */
const isProblem = (data: unknown): data is Problem =>
  typeof data === 'object' && data !== null && 'code' in data && 'detail' in data;

/** Throws `Rejected`, or another error when the bank has not answered. */
async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  { body, query, key, timeoutMs }: { body?: unknown; query?: object; key?: string; timeoutMs?: number } = {},
): Promise<T> {
  const { status, data } = await http.request<unknown>({
    ...{ method, url, data: body, params: query, ...(timeoutMs !== undefined && { timeout: timeoutMs }) },
    headers: key === undefined ? {} : { 'Idempotency-Key': key },
  });
  if (status >= 200 && status < 300) return data as T;
  if (!isProblem(data)) throw new Error(`an answer that is not the bank's: ${String(status)}`);
  if (data.code === 'unauthenticated') onLoggedOut();
  throw new Rejected(data);
}

export type Act = 'freeze' | 'unfreeze' | 'unlock' | 'close';

export const bank = {
  session: () => call<Session>('GET', '/staff/sessions/current'),
  logIn: (body: z.input<(typeof logInStaff)['body']>) => call<Session>('POST', '/staff/sessions', { body }),
  logOut: () => call<undefined>('DELETE', '/staff/sessions/current'),
  overview: () => call<Overview>('GET', '/audit/overview'),
  trialBalance: () => call<TrialBalance>('GET', '/audit/trial-balance'),
  accounts: (query: { query?: string; status?: string; type?: string; cursor?: string; limit: number }) =>
    call<Accounts>('GET', '/audit/accounts', { query }),
  account: (account: string, after?: number) =>
    call<Account>('GET', `/audit/accounts/${account}`, { query: { after } }),
  events: (account: string, query: { cursor: number; limit: number }) =>
    call<{ events: JournalEvent[]; next?: string }>('GET', `/audit/accounts/${account}/events`, { query }),
  entries: (account: string, query: { before?: number; limit: number }) =>
    call<{ entries: Entry[]; next?: string }>('GET', `/audit/accounts/${account}/entries`, { query }),
  /** Folds the whole history on the server: seconds for a million entries, and an answer within 80 s in any case. */
  state: (account: string, query: { at: string }) =>
    call<StateAt>('GET', `/audit/accounts/${account}/state`, { query, timeoutMs: 90_000 }),
  stateSummary: (account: string, query: { version: number } | { at: string }) =>
    call<StateSummary>('GET', `/audit/accounts/${account}/state-summary`, { query }),
  balanceHistory: (account: string) =>
    call<{ points: BalancePoint[] }>('GET', `/audit/accounts/${account}/balance-history`),
  verifications: () => call<{ verifications: Verification[] }>('GET', '/audit/verifications'),
  verification: (id: number) => call<VerificationInFull>('GET', `/audit/verifications/${String(id)}`),
  verify: () => call<{ id: number }>('POST', '/audit/verifications'),
  act: (act: Act, account: string, reason: string, key: string) =>
    call<{ position: number }>('POST', `/operations/accounts/${account}/${act}`, { body: { reason }, key }),
  reverse: (entryId: string, reason: string, key: string) =>
    call<{ position: number }>('POST', `/operations/entries/${entryId}/reversal`, { body: { reason }, key }),
};

export const urls = {
  feed: (after?: number) => `/api/v1/audit/feed${after === undefined ? '' : `?after=${String(after)}`}`,
  progress: (id: number) => `/api/v1/audit/verifications/${String(id)}/progress`,
  entriesCsv: (account: string) => `/api/v1/audit/accounts/${account}/entries.csv`,
  statementPdf: (account: string) => `/api/v1/audit/accounts/${account}/statement.pdf`,
  proof: (account: string, position: number) => `/api/v1/audit/accounts/${account}/proof?position=${String(position)}`,
  eventLines: (account: string) => `/api/v1/audit/accounts/${account}/events.jsonl`,
};
