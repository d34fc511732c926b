/** Device cookies: proof of a log-in before, for one user name, and for a time. */
import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { knownDevices } from '../src/staff/known-devices.ts';

const key = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const startMs = Date.parse('2026-01-01T00:00:00Z');
const devices = knownDevices(key(1), () => startMs);
const pair = (header: string): string => header.split(';')[0] ?? '';

test('a cookie proves a log-in of its own user, beside other cookies', () => {
  const [one, other] = [devices.cookieFor('a.martin'), devices.cookieFor('operator')];
  for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=15552000']) {
    expect(one).toContain(attribute);
  }
  const ids = devices.idsIn(`__Host-staff=x; ${pair(one)}; ${pair(other)}`);
  expect([...ids.keys()]).toEqual(['a.martin', 'operator']);
  expect(ids.get('a.martin')).not.toBe(ids.get('operator'));
});

test('one that is altered, renamed, made with another key or too old proves nothing', () => {
  const cookie = pair(devices.cookieFor('operator'));
  const [name = '', value = ''] = cookie.split('=');
  for (const wrong of [
    undefined,
    '',
    `${name}=`,
    `${name.replace('operator', 'auditor')}=${value}`,
    `${name}=${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`,
    cookie.replace(/\.(\d{9})\d\./, (_all, rest: string) => `.9${rest}.`),
    pair(knownDevices(key(2), () => startMs).cookieFor('operator')),
  ]) {
    expect(devices.idsIn(wrong).size, String(wrong)).toBe(0);
  }
  const later = (days: number) => knownDevices(key(1), () => startMs + days * 86_400_000);
  expect(later(179).idsIn(cookie).size).toBe(1);
  expect(later(180).idsIn(cookie).size).toBe(0);
});
