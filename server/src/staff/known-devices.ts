/**
 * Device cookies, after OWASP (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies): a
 * browser that logged in before shows it with a signed cookie, and has a count of attempts of its own.
 */
import type { KeyObject } from 'node:crypto';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Renewed with every log-in. */
const lifetimeSeconds = 180 * 86_400;
const prefix = '__Host-device-';

export interface KnownDevices {
  /** By user name, the id of each device that the cookies prove; a cookie that is altered, expired or another user's proves none. */
  idsIn(cookieHeader: string | undefined): ReadonlyMap<string, string>;
  /** The Set-Cookie header for the browser that this user has just logged in with. */
  cookieFor(username: string): string;
}

export function knownDevices(key: KeyObject, nowMs: () => number = Date.now): KnownDevices {
  const sign = (username: string, id: string, expires: string): Buffer =>
    createHmac('sha256', key).update(`staff device\n${username}\n${id}\n${expires}`).digest();

  return {
    idsIn(cookieHeader) {
      const ids = new Map<string, string>();
      for (const part of cookieHeader?.split(/; */) ?? []) {
        const [, username, id, expires, signature] =
          /^__Host-device-([\w.-]+)=([\w-]{22})\.(\d{10})\.([\w-]{43})$/.exec(part) ?? [];
        if (username === undefined || id === undefined || expires === undefined || signature === undefined) continue;
        const isSigned = timingSafeEqual(sign(username, id, expires), Buffer.from(signature, 'base64url'));
        if (isSigned && Number(expires) * 1000 > nowMs()) ids.set(username, id);
      }
      return ids;
    },
    cookieFor(username) {
      const id = randomBytes(16).toString('base64url');
      const expires = String(Math.floor(nowMs() / 1000) + lifetimeSeconds);
      const signature = sign(username, id, expires).toString('base64url');
      return `${prefix}${username}=${id}.${expires}.${signature}; Max-Age=${String(lifetimeSeconds)}; Path=/; HttpOnly; Secure; SameSite=Strict`;
    },
  };
}
