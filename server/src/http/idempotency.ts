/** Idempotency keys: what a key must look like, whom it belongs to, and the hash that tells one body from another. */
import type { KeyObject } from 'node:crypto';
import { createHmac } from 'node:crypto';
import { requestHashLength } from '../../../ledger/src/domain/events.ts';
import type { Call } from '../../../api/src/call.ts';
import type { Mistake } from '../../../api/src/problems.ts';

export const idempotencyKeyMistake: Mistake = {
  where: 'header Idempotency-Key',
  problem: 'must be there for a command: 1 to 128 visible ASCII characters, new for each new command',
};

export const isIdempotencyKey = (key: string | undefined): key is string =>
  key !== undefined && /^[\x21-\x7e]{1,128}$/.test(key);

export const openingKeyMistake: Mistake = {
  where: 'header Idempotency-Key',
  problem: 'must be a UUID for an opening without a terminal’s certificate: nobody else may come upon the same key',
};

/** Strangers without a certificate share one name, so that a key must be its owner's by chance alone: 122 random bits. */
export const isUuid = (key: string): boolean =>
  /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.test(key);

/** A key belongs to whoever gave it: two customers may use the same one. No owner has a colon in it. */
export const commandIds = {
  ofAccount: (account: string, key: string): string => `account:${account}:${key}`,
  ofOpening: (terminal: string, key: string): string => `open:${terminal}:${key}`,
  ofStaff: (username: string, key: string): string => `staff:${username}:${key}`,
  ofBatch: (username: string, key: string, transferId: string): string => `batch:${username}:${key}:${transferId}`,
  ofBatchOrder: (username: string, key: string): string => `batch-order:${username}:${key}`,
  ofDecision: (proposal: string): string => `decision:${proposal}`,
  ofProposal: (proposal: string, transferId: string): string => `proposal:${proposal}:${transferId}`,
};

/** Tells the caller that this is the first answer again. */
export const replayHeader = ({ replayed }: { readonly replayed: boolean }): Record<string, string> =>
  replayed ? { 'Idempotent-Replayed': 'true' } : {};

/** A keyed hash of what was asked, without the PIN that only confirms it: nothing of it can be guessed from the journal. */
export const requestHash = (requestKey: KeyObject, call: Call, received: unknown): string =>
  requestHashWithPin(requestKey, call, withoutPin(received));

/** The same where the PIN is what is asked for: another PIN is another request. */
export function requestHashWithPin(requestKey: KeyObject, call: Call, received: unknown): string {
  const text = `${call.method} ${call.path}\n${canonicalJson(received)}`;
  return createHmac('sha256', requestKey).update(text).digest('base64url').slice(0, requestHashLength);
}

function withoutPin(received: unknown): unknown {
  if (typeof received !== 'object' || received === null) return received;
  return Object.fromEntries(Object.entries(received).filter(([name]) => name !== 'pin'));
}

/** The same text for the same content, in whichever order its fields came. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}
