/** Idempotency keys: what a key must look like, whom it belongs to, and the hash that tells one body from another. */
import type { KeyObject } from 'node:crypto';
import { createHmac } from 'node:crypto';
import type { Call } from './contract/call.ts';
import type { Mistake } from './problems.ts';

export const idempotencyKeyMistake: Mistake = {
  where: 'header Idempotency-Key',
  problem: 'must be there for a command: 1 to 128 visible ASCII characters, new for each new command',
};

export const isIdempotencyKey = (key: string | undefined): key is string =>
  key !== undefined && /^[\x21-\x7e]{1,128}$/.test(key);

/** A key belongs to whoever gave it: two customers may use the same one. No owner has a colon in it. */
export const commandIds = {
  ofAccount: (account: string, key: string): string => `account:${account}:${key}`,
  ofOpening: (terminal: string, key: string): string => `open:${terminal}:${key}`,
  ofStaff: (username: string, key: string): string => `staff:${username}:${key}`,
  ofBatch: (username: string, key: string, transferId: string): string => `batch:${username}:${key}:${transferId}`,
};

/** Tells the caller that this is the first answer again. */
export const replayHeader = ({ replayed }: { readonly replayed: boolean }): Record<string, string> =>
  replayed ? { 'Idempotent-Replayed': 'true' } : {};

/** 132 bits: enough to tell bodies apart for ever, and short, since every event carries it. */
const hashLength = 22;

/** A keyed hash of what was asked, the PIN left out: nothing of it can be guessed from the journal. */
export function requestHash(requestKey: KeyObject, call: Call, received: unknown): string {
  const asked = `${call.method} ${call.path}\n${canonicalJson(withoutPin(received))}`;
  return createHmac('sha256', requestKey).update(asked).digest('base64url').slice(0, hashLength);
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
