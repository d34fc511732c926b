/** Every way the server says no, and the one place where each becomes an RFC 9457 problem: status, title and a clear sentence. */
import type { BookkeeperRejection } from '../../../ledger/src/bookkeeper/submission.ts';
import type { Rejection, RejectionCode } from '../../../ledger/src/domain/rejections.ts';

/** One thing wrong with a request: where it stands (`body.amount`) and what must be there instead. */
export type Mistake = { readonly where: string; readonly problem: string };

/** The closed union of all rejections: the domain's, the bookkeeper's and the front door's own. */
export type Refusal =
  | Rejection
  | BookkeeperRejection
  | { readonly code: 'not_found' }
  | { readonly code: 'method_not_allowed'; readonly allowed: readonly string[] }
  | { readonly code: 'too_many_requests'; readonly retryAfterSeconds: number }
  | { readonly code: 'unauthenticated' }
  | { readonly code: 'forbidden'; readonly reason: string }
  | { readonly code: 'unsupported_media_type' }
  | { readonly code: 'request_timeout' }
  | { readonly code: 'headers_too_large' }
  | { readonly code: 'payload_too_large'; readonly limitBytes: number }
  | { readonly code: 'validation_failed'; readonly errors: readonly Mistake[] }
  | { readonly code: 'access_locked'; readonly retryAfterSeconds: number }
  /** With `retryAfterSeconds` when this was the last attempt, which locked. */
  | { readonly code: 'pin_invalid'; readonly attemptsLeft: number; readonly retryAfterSeconds?: number }
  | { readonly code: 'credentials_invalid' }
  | { readonly code: 'one_time_code_needed' }
  | { readonly code: 'entry_not_found' }
  | { readonly code: 'history_broken'; readonly where: string }
  | { readonly code: 'unavailable'; readonly retryAfterSeconds: number }
  | { readonly code: 'internal_error' };

export type RefusalCode = Refusal['code'];

type RefusalOf<C extends RefusalCode> = C extends RejectionCode ? Rejection : Extract<Refusal, { code: C }>;

type Kind<C extends RefusalCode> = {
  readonly status: number;
  readonly title: string;
  /** What happened, where, and what to do about it. */
  readonly detail: (refusal: RefusalOf<C>) => string;
  /** For the table in docs/rejections.md. */
  readonly when: string;
};

const about = ({ account }: Rejection): string => (account === undefined ? 'the account' : `account ${account}`);
const seconds = (count: number): string => (count === 1 ? '1 second' : `${String(count)} seconds`);

/** In the order of precedence: where several apply to one request, the earliest is the answer. */
export const problems: { readonly [C in RefusalCode]: Kind<C> } = {
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    detail: () => 'Send headers within 10 seconds and the whole request within 20.',
    when: 'a request’s headers or body come too slowly; the connection ends',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    detail: () => 'Send headers of at most 16 KiB in all.',
    when: 'the address and headers are larger than 16 KiB; the connection ends',
  },
  not_found: {
    status: 404,
    title: 'There is nothing here',
    detail: () => 'No call has this address. /docs lists all there are.',
    when: 'the address belongs to no call',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take that method',
    detail: ({ allowed }) => `This address takes ${allowed.join(' or ')} only.`,
    when: 'the address exists, but not with this method',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    detail: ({ retryAfterSeconds }) =>
      `Too many calls of this kind came in too short a time. Try again in ${seconds(retryAfterSeconds)}.`,
    when: 'calls of a limited kind (log-in, opening, preview) come too fast from one terminal or address (counted first of all) or for one account or user name (counted once the request is well formed)',
  },
  unauthenticated: {
    status: 401,
    title: 'Log in first',
    detail: () =>
      'This call needs the token of a session that has not ended, as "Authorization: Bearer <token>" or in the cookie. Log in again.',
    when: 'no session token, or one that is unknown, ended or of the other kind (customer, staff)',
  },
  forbidden: {
    status: 403,
    title: 'You may not do this',
    detail: ({ reason }) => reason,
    when: 'the session’s role does not allow the call, a cookie came from another site, or a terminal without a certificate called where `TERMINALS=required`',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body must be JSON',
    detail: () => 'Send the body as UTF-8 JSON, uncompressed, with the header "Content-Type: application/json".',
    when: 'the body is not declared as JSON in UTF-8',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    detail: ({ limitBytes }) => `This call takes a body of at most ${String(limitBytes)} bytes.`,
    when: 'the body is larger than 16 KiB (batch: 512 KiB); the connection ends',
  },
  validation_failed: {
    status: 400,
    title: 'The request is not well formed',
    detail: ({ errors }) => `${errors.map(({ where, problem }) => `${where} ${problem}`).join('; ')}.`,
    when: 'not HTTP, malformed JSON, a field missing, unknown or not in its form, no valid `Idempotency-Key` on a command; `errors` lists what and where',
  },
  access_locked: {
    status: 423,
    title: 'Access is locked',
    detail: ({ retryAfterSeconds }) =>
      `Access is locked after too many wrong attempts. Try again in ${seconds(retryAfterSeconds)}.`,
    when: 'too many wrong PINs or passwords; `retryAfter` says for how many seconds more',
  },
  pin_invalid: {
    status: 401,
    title: 'The account number or PIN is wrong',
    detail: ({ attemptsLeft, retryAfterSeconds }) => {
      const wrong = 'The account number and PIN do not belong together.';
      if (retryAfterSeconds !== undefined) return `${wrong} Access is now locked for ${seconds(retryAfterSeconds)}.`;
      return attemptsLeft === 1
        ? `${wrong} One attempt is left before access is locked.`
        : `${wrong} ${String(attemptsLeft)} attempts are left before access is locked.`;
    },
    when: 'the PIN is wrong, or no such account exists (the answer is the same); `attemptsLeft` counts down; at 0 access is locked from then on, and `retryAfter` says for how many seconds',
  },
  credentials_invalid: {
    status: 401,
    title: 'The user name or password is wrong',
    detail: () => 'The user name and password do not belong together. Check both and try again.',
    when: 'a staff log-in with a wrong password or an unknown user name (the answer is the same)',
  },
  one_time_code_needed: {
    status: 401,
    title: 'A one-time code is needed',
    detail: () => 'Send the log-in again with the six digits that your authenticator shows, as "code".',
    when: 'a staff log-in with the right password and no code, where one-time codes are in use',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key was used for another request',
    detail: () =>
      'This Idempotency-Key was sent before with another body. Use a new key for a new command, the old one only to send the same again.',
    when: 'the key was used before, for a command with another body',
  },
  amount_not_positive: {
    status: 422,
    title: 'The amount must be above zero',
    detail: () => 'The amount must be above zero; send at least "0.01".',
    when: 'the amount is zero or negative',
  },
  limit_exceeded: {
    status: 422,
    title: 'The amount is beyond a limit',
    detail: () => 'The amount, or the balance it would leave, is larger than the ledger takes. Send a smaller amount.',
    when: 'the amount, or the balance after it, is larger than the ledger takes',
  },
  same_account: {
    status: 422,
    title: 'Both accounts are the same',
    detail: () => 'A transfer needs two accounts: the one it goes to is the one it comes from.',
    when: 'a transfer from an account to itself',
  },
  account_not_found: {
    status: 404,
    title: 'There is no such account',
    detail: ({ account }) => `The bank has no ${account === undefined ? 'such account' : `account ${account}`}.`,
    when: 'the account does not exist',
  },
  destination_not_found: {
    status: 404,
    title: 'There is no such destination',
    detail: (rejection) => `The transfer cannot go to ${about(rejection)}: the bank has none. Check the number.`,
    when: 'the account a transfer goes to does not exist',
  },
  customer_not_found: {
    status: 404,
    title: 'There is no such customer',
    detail: () => 'The bank has no such customer.',
    when: 'an account is opened for a customer the bank does not have',
  },
  account_exists: {
    status: 409,
    title: 'The account number is taken',
    detail: (rejection) => `The bank already has ${about(rejection)}. Choose another number.`,
    when: 'an account is opened under a number that is taken',
  },
  customer_exists: {
    status: 409,
    title: 'The customer number is taken',
    detail: () => 'The bank already has a customer of this number. Choose another number.',
    when: 'a customer is registered under a number that is taken',
  },
  entry_not_found: {
    status: 404,
    title: 'There is no such entry',
    detail: () => 'The journal has no entry of this id. An id is a position and a side, such as "9071.1".',
    when: 'an entry is reversed that the journal does not have',
  },
  entry_already_reversed: {
    status: 409,
    title: 'The entry was reversed before',
    detail: () => 'This entry was reversed before; an entry can be reversed once.',
    when: 'an entry is reversed a second time',
  },
  currency_mismatch: {
    status: 422,
    title: 'The currencies differ',
    detail: (rejection) => `The amount is not in the currency of ${about(rejection)}.`,
    when: 'the amount and the account are in different currencies',
  },
  account_closed: {
    status: 409,
    title: 'The account is closed',
    detail: (rejection) => `No more can be done on ${about(rejection)}: it is closed.`,
    when: 'an account of the operation is closed',
  },
  account_frozen: {
    status: 409,
    title: 'The account is frozen',
    detail: (rejection) => `Nothing can be done on ${about(rejection)} while it is frozen. Ask the bank.`,
    when: 'an account of the operation is frozen',
  },
  account_not_frozen: {
    status: 409,
    title: 'The account is not frozen',
    detail: (rejection) => `There is nothing to unfreeze: ${about(rejection)} is not frozen.`,
    when: 'an account is unfrozen that is not frozen',
  },
  account_not_empty: {
    status: 409,
    title: 'The account is not empty',
    detail: (rejection) =>
      `Only an empty account can be closed: bring the balance of ${about(rejection)} to zero first.`,
    when: 'an account is closed whose balance is not zero',
  },
  insufficient_funds: {
    status: 409,
    title: 'The balance does not suffice',
    detail: () => 'The balance does not suffice for this amount. Nothing was moved; choose a smaller amount.',
    when: 'the balance after it would be below the account’s floor',
  },
  history_broken: {
    status: 500,
    title: 'The journal contradicts itself',
    detail: ({ where }) =>
      `The state cannot be folded from the journal: ${where}. Keep the journal as it is and investigate.`,
    when: 'an audit call met a missing, doubled or altered posting',
  },
  overloaded: {
    status: 503,
    title: 'The bank is busy',
    detail: ({ retryAfterSeconds }) =>
      `Nothing was done. Send the same again, with the same Idempotency-Key, in ${seconds(retryAfterSeconds)}.`,
    when: 'the queue is full, the read model did not get to `after` in time, or too many statements are under way',
  },
  unavailable: {
    status: 503,
    title: 'A part of the bank cannot be reached',
    detail: ({ retryAfterSeconds }) =>
      `The database cannot be reached just now. Send the same again in ${seconds(retryAfterSeconds)}; with the same Idempotency-Key, a command that was carried out is not carried out twice.`,
    when: 'the database is gone, or did not answer in time',
  },
  internal_error: {
    status: 500,
    title: 'Something is wrong on our side',
    detail: () =>
      'The server failed at this request. Tell the bank the correlationId; a command may be sent again with the same Idempotency-Key.',
    when: 'a defect of the server; the log has it under the `correlationId`',
  },
};

export const refusalCodes = Object.keys(problems) as readonly RefusalCode[];

/** An answer of type `application/problem+json`. */
export type Problem = {
  readonly type: string;
  readonly code: RefusalCode;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly correlationId: string;
  readonly errors?: readonly Mistake[];
  readonly attemptsLeft?: number;
  readonly retryAfter?: number;
};

export function toProblem(refusal: Refusal, correlationId: string): Problem {
  const { code } = refusal;
  const kind = problems[code] as Kind<RefusalCode>;
  return {
    type: `urn:grand-livre:rejection:${code}`,
    code,
    title: kind.title,
    detail: kind.detail(refusal),
    status: kind.status,
    correlationId,
    ...('errors' in refusal && { errors: refusal.errors }),
    ...('attemptsLeft' in refusal && { attemptsLeft: refusal.attemptsLeft }),
    ...('retryAfterSeconds' in refusal && { retryAfter: refusal.retryAfterSeconds }),
  };
}

/** The headers HTTP asks for beside some statuses. */
export function problemHeaders(refusal: Refusal): Record<string, string> {
  // Nothing reads what is still to come.
  if (refusal.code === 'payload_too_large') return { Connection: 'close' };
  if (refusal.code === 'method_not_allowed') return { Allow: refusal.allowed.join(', ') };
  const wait = 'retryAfterSeconds' in refusal ? refusal.retryAfterSeconds : undefined;
  return {
    ...(wait !== undefined && { 'Retry-After': String(wait) }),
    ...(problems[refusal.code].status === 401 && { 'WWW-Authenticate': 'Bearer realm="grand-livre"' }),
  };
}
