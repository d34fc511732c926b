/** Says that the bank wrote an event: a code in its metadata that only who has the bank's own key can make (HMAC, RFC 2104). */
import type { KeyObject } from 'node:crypto';
import { createHmac } from 'node:crypto';
import type { JournalEvent } from './journal.ts';

/** In base64url: 132 bits, as of a request's hash. */
const macLength = 22;

/** Of an event at its position, whose metadata has no code yet. */
export const macOf = (key: KeyObject, { position, id, type, data, metadata }: JournalEvent): string =>
  createHmac('sha256', key)
    .update(`gl1-mac\n${String(position)}\n${id.toLowerCase()}\n${type}\n${data}\n${metadata}`)
    .digest('base64url')
    .slice(0, macLength);

/** The metadata's JSON text with the code as its last field. */
export const withMac = (metadata: string, mac: string): string => `${metadata.slice(0, -1)},"mac":"${mac}"}`;

const lastField = /,"mac":"([\w-]{22})"\}$/;

/** `absent`: it does not end with a code, as those that were written before there were any. */
export function checkMac(key: KeyObject, event: JournalEvent): 'right' | 'wrong' | 'absent' {
  const found = lastField.exec(event.metadata);
  if (found === null) return 'absent';
  const metadata = `${event.metadata.slice(0, found.index)}}`;
  return macOf(key, { ...event, metadata }) === found[1] ? 'right' : 'wrong';
}
