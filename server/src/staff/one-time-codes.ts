/** Time-based one-time codes (RFC 6238): six digits, thirty seconds, one step of tolerance either way, each taken once. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

const secretBytes = 20;
const periodSeconds = 30;
const toleranceSteps = 1;
const ivBytes = 12;
const tagBytes = 16;

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
  return { sealed: seal(masterKey, username, secret), uri: totp(secret, username).toString() };
}

/** A sealed secret under another master key. */
export const reseal = (from: Buffer, to: Buffer, username: string, sealed: Buffer): Buffer =>
  seal(to, username, open(from, username, sealed));

function seal(masterKey: Buffer, username: string, secret: Buffer): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(masterKey), iv).setAAD(Buffer.from(username));
  const sealed = Buffer.concat([iv, cipher.update(secret), cipher.final()]);
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

function open(masterKey: Buffer, username: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(masterKey), sealed.subarray(0, ivBytes))
    .setAAD(Buffer.from(username))
    .setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes, -tagBytes)), decipher.final()]);
}

const totp = (secret: Buffer, label: string): TOTP =>
  new TOTP({ issuer: 'Grand Livre', label, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) });

/** The time step whose code this is; undefined when it is none of now. `nowMs` since 1970. */
export function stepOf(
  { masterKey, username, sealed }: { readonly masterKey: Buffer; readonly username: string; readonly sealed: Buffer },
  code: string,
  nowMs: number,
): number | undefined {
  const secret = open(masterKey, username, sealed);
  const delta = totp(secret, username).validate({ token: code, timestamp: nowMs, window: toleranceSteps });
  return delta === null ? undefined : Math.floor(nowMs / 1_000 / periodSeconds) + delta;
}
