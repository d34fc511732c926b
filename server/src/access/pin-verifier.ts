/** What a PIN is checked against: a verifier for log-ins, slow on purpose, and a digest for the length of a session. */
import { hash, verify } from '@node-rs/argon2';
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Argon2id as OWASP's Password Storage Cheat Sheet asks for at least. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const peppered = (pinKey: Buffer, account: string, pin: string): Buffer =>
  createHmac('sha256', pinKey).update(account).update('\0').update(pin).digest();

export const makeVerifier = (pinKey: Buffer, account: string, pin: string): Promise<string> =>
  hash(peppered(pinKey, account, pin).toString('base64url'), cost);

export const fits = (verifier: string, pinKey: Buffer, account: string, pin: string): Promise<boolean> =>
  verify(verifier, peppered(pinKey, account, pin).toString('base64url'));

/** Can be made again only with the session's own token and the key outside the database; costs microseconds. */
export function sessionDigest(pinKey: Buffer, account: string, token: string, pin: string): Buffer {
  const key = hkdfSync('sha256', token, pinKey, 'confirming a PIN within a session', 32);
  return peppered(Buffer.from(key), account, pin);
}

export const sameDigest = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
