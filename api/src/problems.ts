/** Every rejection of the server, and how each becomes an RFC 9457 problem: status, title and a clear sentence. */
import { unreadableReasons } from '../../ledger/src/domain/unreadable-event.ts';
import type { BookkeeperRejection, Rejection, RejectionCode } from '../../ledger/src/domain/rejections.ts';

/** One thing wrong with a request: where it is (`body.amount`) and what must be there instead. */
export type Mistake = { readonly where: string; readonly problem: string };

/** The closed union of all rejections: the domain's, the bookkeeper's and the HTTP server's own. */
export type ApiRejection =
  | Rejection
  | BookkeeperRejection
  | { readonly code: 'not_found' }
  | { readonly code: 'method_not_allowed'; readonly allowed: readonly string[] }
  | { readonly code: 'too_many_requests'; readonly retryAfterSeconds: number }
  | { readonly code: 'unauthenticated' }
  | { readonly code: 'session_changed' }
  | { readonly code: 'forbidden'; readonly reason: string }
  | { readonly code: 'pin_change_required' }
  | { readonly code: 'unsupported_media_type' }
  | { readonly code: 'request_timeout' }
  | { readonly code: 'headers_too_large' }
  | { readonly code: 'payload_too_large'; readonly limitBytes: number }
  | { readonly code: 'validation_failed'; readonly errors: readonly Mistake[] }
  /** Without `retryAfterSeconds`: until the bank acts. */
  | { readonly code: 'access_locked'; readonly retryAfterSeconds?: number }
  /** With `retryAfterSeconds` when this was the last attempt, which locked for a time; at 0 without it, until the bank acts. */
  | { readonly code: 'pin_invalid'; readonly attemptsLeft: number; readonly retryAfterSeconds?: number }
  | { readonly code: 'credentials_invalid' }
  | { readonly code: 'one_time_code_needed' }
  | { readonly code: 'proposal_not_found' }
  | { readonly code: 'proposal_altered'; readonly id: string }
  | { readonly code: 'proposal_decided' }
  | { readonly code: 'entry_not_found' }
  | { readonly code: 'checkpoint_not_found' }
  | { readonly code: 'tile_not_found' }
  /** What was asked for is in the journal, and no published checkpoint includes it yet. */
  | { readonly code: 'proof_not_ready'; readonly retryAfterSeconds: number }
  | { readonly code: 'history_broken'; readonly where: string }
  | { readonly code: 'history_too_long'; readonly account: string }
  /** What was asked for with `after`, or an account just opened, is not in the read model yet. */
  | { readonly code: 'read_model_behind'; readonly retryAfterSeconds: number }
  | { readonly code: 'internal_error' };

export type ApiRejectionCode = ApiRejection['code'];

type RejectionOf<C extends ApiRejectionCode> = C extends RejectionCode ? Rejection : Extract<ApiRejection, { code: C }>;

type Kind<C extends ApiRejectionCode> = {
  readonly status: number;
  readonly title: string;
  /** What happened, where, and what to do about it. */
  readonly detail: (rejection: RejectionOf<C>) => string;
  /** For the table in docs/rejections.md. */
  readonly when: string;
};

const about = ({ account }: Rejection): string => (account === undefined ? 'the account' : `account ${account}`);
const seconds = (count: number): string => (count === 1 ? '1 second' : `${String(count)} seconds`);

/** In the order of precedence: where several apply to one request, the earliest is the answer. */
export const problems: { readonly [C in ApiRejectionCode]: Kind<C> } = {
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
    when: 'calls of a limited kind (log-in, opening, preview) come too fast from one terminal or address (counted first of all) or for one account or user name (counted once the request is well formed); or too many payees were looked up or numbers tried that no account has, by one account or from one place (a transfer counts after its PIN)',
  },
  unauthenticated: {
    status: 401,
    title: 'Log in first',
    detail: () =>
      'This call needs the token of a session that has not ended, as "Authorization: Bearer <token>" or in the cookie. Log in again.',
    when: 'no session token, or one that is unknown, ended or of the other kind (customer, staff)',
  },
  session_changed: {
    status: 409,
    title: 'The session is another account’s',
    detail: () =>
      'The header X-Account names another account than the session’s: somebody else has logged in since. Nothing was done. Log in again.',
    when: 'the header `X-Account`, in which a client may say which account it means, names another one than the session’s',
  },
  forbidden: {
    status: 403,
    title: 'You may not do this',
    detail: ({ reason }) => reason,
    when: 'the session’s role does not allow the call, a cookie came from another site, staff came from an address or without a certificate that the bank does not allow, or a terminal without a certificate called where `TERMINALS=required`',
  },
  pin_change_required: {
    status: 403,
    title: 'The PIN must be changed first',
    detail: () =>
      'This PIN was given by the bank or is too easy to guess. Change it, then everything else is open again.',
    when: 'a customer’s session whose PIN must be changed first (a one-time PIN, or one that is too easy to guess) makes another call than changing the PIN or logging out',
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
      retryAfterSeconds === undefined
        ? 'Access is locked after too many wrong attempts, until the bank unlocks it. Ask the bank.'
        : `Access is locked after too many wrong attempts. Try again in ${seconds(retryAfterSeconds)}.`,
    when: 'too many wrong PINs or passwords; `retryAfter` says for how many seconds more; without it, until the bank unlocks',
  },
  pin_invalid: {
    status: 401,
    title: 'The account number or PIN is wrong',
    detail: ({ attemptsLeft, retryAfterSeconds }) => {
      const wrong = 'The account number and PIN do not belong together.';
      if (retryAfterSeconds !== undefined) return `${wrong} Access is now locked for ${seconds(retryAfterSeconds)}.`;
      if (attemptsLeft === 0) return `${wrong} Access is now locked until the bank unlocks it. Ask the bank.`;
      return attemptsLeft === 1
        ? `${wrong} One attempt is left before access is locked.`
        : `${wrong} ${String(attemptsLeft)} attempts are left before access is locked.`;
    },
    when: 'the PIN is wrong, or no such account exists (the answer is the same); `attemptsLeft` counts down; at 0 access is locked from then on, and `retryAfter` says for how many seconds (without it, until the bank unlocks); within a session it is the session’s own count, and at 0 the session ends, too',
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
  proposal_not_found: {
    status: 404,
    title: 'There is no such proposal',
    detail: () => 'There is no proposal of this id. GET /api/v1/operations/proposals lists all there are.',
    when: 'a proposal is read or decided that there is not',
  },
  proposal_altered: {
    status: 409,
    title: 'The proposal was altered',
    detail: ({ id }) =>
      `What is stored of proposal ${id} is not what was proposed according to the journal. Nothing was done; investigate, and propose anew.`,
    when: 'the stored row of a proposal does not fit its event in the journal',
  },
  proposal_decided: {
    status: 409,
    title: 'The proposal was decided otherwise',
    detail: () => 'Somebody decided this proposal before, and otherwise. A decision is for good; propose anew.',
    when: 'a rejected proposal is approved, or an approved one rejected',
  },
  own_proposal: {
    status: 403,
    title: 'A proposal needs a second person',
    detail: () => 'You proposed this yourself: another operator must approve it. You may only take it back.',
    when: 'an operator approves their own proposal',
  },
  proposal_expired: {
    status: 409,
    title: 'The proposal has expired',
    detail: () => 'A proposal must be decided within 24 hours, and nobody did. Propose anew.',
    when: 'a proposal is decided more than 24 hours after it was made',
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
  checkpoint_not_found: {
    status: 404,
    title: 'The log has no checkpoint',
    detail: () => 'Nothing of this bank’s journal was signed yet, so nothing of it can be proven.',
    when: 'the log’s checkpoint, or a proof, is asked for where no signer has signed the journal yet',
  },
  tile_not_found: {
    status: 404,
    title: 'The log has no such tile',
    detail: () =>
      'This is no tile’s name, or the tile is beyond the checkpoint that is published. GET /log/checkpoint says how many entries there are.',
    when: 'a tile is asked for by a name that is none, or beyond what the published checkpoint includes',
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
  cash_limit_exceeded: {
    status: 409,
    title: 'The machine’s limit of cash is reached',
    detail: () =>
      'A machine takes and gives only so much cash by one operation and on one day. Nothing was moved; choose a smaller amount, or another machine.',
    when: 'a deposit or withdrawal beyond what one may be (`CASH_DEPOSIT_LIMIT`, `CASH_WITHDRAWAL_LIMIT`), or beyond what the terminal may take or give on one of the bank’s civil days (`CASH_DAY_LIMIT`); without certificates all machines are one',
  },
  history_broken: {
    status: 500,
    title: 'The journal contradicts itself',
    detail: ({ where }) =>
      `The state cannot be folded from the journal: ${where}. Keep the journal as it is and investigate.`,
    when: 'an audit call met a missing, doubled or altered posting',
  },
  history_too_long: {
    status: 422,
    title: 'The history is too long for one answer',
    detail: ({ account }) =>
      `All events of account ${account} could not be added up within 80 seconds. Ask for its state-summary, which reads one posting, or verify the whole bank.`,
    when: 'the fold of an account’s whole history did not end within 80 seconds',
  },
  event_unreadable: {
    status: 503,
    title: 'An event of the journal cannot be read',
    detail: ({ position, reason, retryAfterSeconds }) =>
      `The journal at position ${String(position)} ${unreadableReasons[reason]}: the bank goes on once that is mended. Send the same again in ${seconds(retryAfterSeconds)}, with the same Idempotency-Key.`,
    when: 'the journal holds an event that is damaged or was written by a newer program: a command is not carried out, an audit call not answered, until it is mended',
  },
  overloaded: {
    status: 503,
    title: 'The bank is busy',
    detail: ({ retryAfterSeconds }) =>
      `Nothing was done. Send the same again, with the same Idempotency-Key, in ${seconds(retryAfterSeconds)}.`,
    when: 'the queue is full, or too many long answers are under way or wait for a thread',
  },
  read_model_behind: {
    status: 503,
    title: 'The read model is behind',
    detail: ({ retryAfterSeconds }) =>
      `What was done is safe in the journal, but what can be read is not as far yet. Ask again in ${seconds(retryAfterSeconds)}.`,
    when: 'a read with `after`, or the log-in on an account just opened, for which the read model was not far enough within 2 seconds',
  },
  proof_not_ready: {
    status: 503,
    title: 'The proof is not ready yet',
    detail: ({ retryAfterSeconds }) =>
      `What was done is safe in the journal, but no published checkpoint includes it yet. Ask again in ${seconds(retryAfterSeconds)}.`,
    when: 'a proof is asked for of an operation that no published checkpoint included within 2 seconds (where witnesses have cosigned before: no cosigned one)',
  },
  unavailable: {
    status: 503,
    title: 'A part of the bank cannot be reached',
    detail: ({ retryAfterSeconds }) =>
      `The database or event log cannot be reached just now. Send the same again in ${seconds(retryAfterSeconds)}; with the same Idempotency-Key, a command that was carried out is not carried out twice.`,
    when: 'the database or event log is gone, or did not answer in time; a command that comes meanwhile is answered so at once',
  },
  internal_error: {
    status: 500,
    title: 'Something is wrong on our side',
    detail: () =>
      'The server failed at this request. Tell the bank the correlationId; a command may be sent again with the same Idempotency-Key.',
    when: 'a defect of the server; the log has it under the `correlationId`',
  },
};

export const apiRejectionCodes = Object.keys(problems) as readonly ApiRejectionCode[];

/** An answer of type `application/problem+json`. */
export type Problem = {
  readonly type: string;
  readonly code: ApiRejectionCode;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly correlationId: string;
  readonly errors?: readonly Mistake[];
  readonly attemptsLeft?: number;
  readonly retryAfter?: number;
};

export function toProblem(rejection: ApiRejection, correlationId: string): Problem {
  const { code } = rejection;
  const kind = problems[code] as Kind<ApiRejectionCode>;
  return {
    type: `urn:grand-livre:rejection:${code}`,
    code,
    title: kind.title,
    detail: kind.detail(rejection),
    status: kind.status,
    correlationId,
    ...('errors' in rejection && { errors: rejection.errors }),
    ...('attemptsLeft' in rejection && { attemptsLeft: rejection.attemptsLeft }),
    ...('retryAfterSeconds' in rejection && { retryAfter: rejection.retryAfterSeconds }),
  };
}

/** The headers HTTP asks for beside some statuses. */
export function problemHeaders(rejection: ApiRejection): Record<string, string> {
  // Nothing reads what is still to come.
  if (rejection.code === 'payload_too_large') return { Connection: 'close' };
  if (rejection.code === 'method_not_allowed') return { Allow: rejection.allowed.join(', ') };
  const wait = 'retryAfterSeconds' in rejection ? rejection.retryAfterSeconds : undefined;
  return {
    ...(wait !== undefined && { 'Retry-After': String(wait) }),
    ...(problems[rejection.code].status === 401 && { 'WWW-Authenticate': 'Bearer realm="grand-livre"' }),
  };
}
