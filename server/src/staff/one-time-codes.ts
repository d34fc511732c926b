/** Time-based one-time codes (RFC 6238): six digits, thirty seconds, one step of tolerance either way, each taken once. */
import { hkdfSync, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { seal, unseal } from '../../../ledger/src/vault/seal.ts';

const secretBytes = 20;
const periodSeconds = 30;
const toleranceSteps = 1;

const sealingKey = (masterKey: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), 'grand-livre staff one-time codes', 32));

export type OneTimeSecret = {
  /** For the database: AES-256-GCM, bound to the user name. */
  readonly sealed: Buffer;
  /** For the authenticator: `otpauth://totp/…`, to be typed or shown as a code to scan. */
  readonly uri: string;
};

export function newSecret(masterKey: Buffer, username: string): OneTimeSecret {
  const secret = randomBytes(secretBytes);
  return { sealed: sealSecret(masterKey, username, secret), uri: totp(secret, username).toString() };
}

/** A sealed secret under another master key. */
export const reseal = (from: Buffer, to: Buffer, username: string, sealed: Buffer): Buffer =>
  sealSecret(to, username, openSecret(from, username, sealed));

function sealSecret(masterKey: Buffer, username: string, secret: Buffer): Buffer {
  return seal(sealingKey(masterKey), secret, username);
}

function openSecret(masterKey: Buffer, username: string, sealed: Buffer): Buffer {
  return unseal(sealingKey(masterKey), sealed, username);
}

const totp = (secret: Buffer, label: string): TOTP =>
  new TOTP({ issuer: 'Grand Livre', label, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) });

/** The time step whose code this is; undefined when it is none of now. `nowMs` since 1970. */
export function stepOf(
  { masterKey, username, sealed }: { readonly masterKey: Buffer; readonly username: string; readonly sealed: Buffer },
  code: string,
  nowMs: number,
): number | undefined {
  const secret = openSecret(masterKey, username, sealed);
  const delta = totp(secret, username).validate({ token: code, timestamp: nowMs, window: toleranceSteps });
  return delta === null ? undefined : Math.floor(nowMs / 1_000 / periodSeconds) + delta;
}
