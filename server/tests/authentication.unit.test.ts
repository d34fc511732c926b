/** Authentication: a token counts from the Authorization header, or from the cookie of this site's own pages. */
import type { Request } from 'express';
import { expect, test } from 'vitest';
import { authenticate, cookies, dropCookie, formerToken, setCookie } from '../src/http/authentication.ts';
import { guardsOf, sessions, staff, tokenOf } from './support/app.ts';

const guards = guardsOf();
const [customer] = sessions;
const [auditor] = staff as [(typeof staff)[0]];

const requestWith = (headers: Record<string, string>, method = 'POST'): Request =>
  ({ method, headers: { host: 'bank.example', ...headers } }) as unknown as Request;
const cookie = `${cookies.customer}=${customer.token}`;

test.each([
  ['Bearer', `Bearer ${customer.token}`],
  ['in small letters', `bearer  ${customer.token}`],
])('a token in the header: %s', async (_what, authorization) => {
  expect(await authenticate(requestWith({ authorization }), 'customer', guards)).toEqual({ caller: customer });
});

test.each([
  ['nothing', {}],
  ['another scheme', { authorization: `Basic ${customer.token}` }],
  ['no token', { authorization: 'Bearer ' }],
  ['more than a token', { authorization: `Bearer ${customer.token} x` }],
  ['a token that is too short', { authorization: 'Bearer abc' }],
  ['nobody’s token', { authorization: `Bearer ${tokenOf('x')}` }],
  ['a cookie beside a header that is wrong', { authorization: 'Bearer abc', cookie }],
  ['another cookie', { cookie: `${cookies.staff}=${customer.token}` }],
  ['a cookie that is no token', { cookie: `${cookies.customer}=abc` }],
  ['a cookie whose name only ends alike', { cookie: `x${cookie}` }],
])('%s is not authenticated', async (_what, headers) => {
  expect(await authenticate(requestWith(headers), 'customer', guards)).toEqual({ code: 'unauthenticated' });
});

test.each([
  ['POST', { 'sec-fetch-site': 'same-origin' }, true],
  ['POST', { origin: 'https://bank.example' }, true],
  ['POST', {}, true],
  ['POST', { 'sec-fetch-site': 'cross-site' }, false],
  ['POST', { 'sec-fetch-site': 'same-site' }, false],
  ['POST', { 'sec-fetch-site': 'none' }, false],
  ['POST', { origin: 'https://elsewhere.example' }, false],
  ['POST', { origin: 'null' }, false],
  ['DELETE', { 'sec-fetch-site': 'cross-site' }, false],
  // What changes nothing may come from anywhere.
  ['GET', { 'sec-fetch-site': 'cross-site' }, true],
  ['HEAD', { origin: 'https://elsewhere.example' }, true],
])('a cookie with %s and %o counts: %s', async (method, headers, counts) => {
  const request = requestWith({ cookie: `first=1; ${cookie}; last=2`, ...headers }, method);
  const result = await authenticate(request, 'customer', guards);
  expect(result).toMatchObject(counts ? { caller: customer } : { code: 'forbidden' });
});

test.each([
  ['counts when it names the session’s account', customer.account, { caller: customer }],
  ['is rejected when it names another account', '2', { code: 'session_changed' }],
  ['is rejected when it names none', '', { code: 'session_changed' }],
])('a request with X-Account %s', async (_what, account, expected) => {
  for (const headers of [{ authorization: `Bearer ${customer.token}` }, { cookie }]) {
    const request = requestWith({ ...headers, 'x-account': account });
    expect(await authenticate(request, 'customer', guards)).toEqual(expected);
  }
  // Without a session there is nobody to compare with.
  const anonymous = await authenticate(requestWith({ 'x-account': account }), 'customer', guards);
  expect(anonymous).toEqual({ code: 'unauthenticated' });
});

test('a staff session opens no customer’s call, nor the other way round', async () => {
  const bearer = ({ token }: { readonly token: string }): Request => requestWith({ authorization: `Bearer ${token}` });
  expect(await authenticate(bearer(auditor), 'customer', guards)).toEqual({ code: 'unauthenticated' });
  expect(await authenticate(bearer(customer), 'auditor', guards)).toEqual({ code: 'unauthenticated' });
  expect(await authenticate(bearer(auditor), 'operator', guards)).toMatchObject({ code: 'forbidden' });
});

test('whoever logs in again brings the former token, of the same kind only', () => {
  expect(formerToken(requestWith({ cookie }), 'customer')).toBe(customer.token);
  expect(formerToken(requestWith({ cookie }), 'staff')).toBeUndefined();
  expect(formerToken(requestWith({}), 'customer')).toBeUndefined();
});

test('cookies are for this site alone and out of reach of scripts', () => {
  const expires = '2030-01-02T03:04:05.000Z';
  expect(setCookie('name', 'token', expires)['Set-Cookie']).toBe(
    'name=token; Expires=Wed, 02 Jan 2030 03:04:05 GMT; Path=/; HttpOnly; Secure; SameSite=Strict',
  );
  expect(dropCookie('name')['Set-Cookie']).toBe('name=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict');
});
