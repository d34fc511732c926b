/** Session tokens: random when made, and stored only as their hash, so that a copy of the database opens no session. */
import { createHash, randomBytes } from 'node:crypto';

export const newToken = (): string => randomBytes(32).toString('base64url');

/** A token has 256 random bits: a plain hash of it cannot be searched. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();
