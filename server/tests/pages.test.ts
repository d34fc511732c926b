/** The pages and screens the server serves: nothing in them comes from elsewhere, and every response has its security headers. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(() => bank.close());

test('every response has its security headers: of every route, page, file of a screen and rejection', async () => {
  const document = JSON.parse((await bank.client.raw('GET', '/openapi.json')).text) as {
    paths: Record<string, object>;
  };
  const screens = ['/atm/', '/admin/'];
  const assets: string[] = [];
  for (const screen of screens) {
    const { text } = await bank.client.raw('GET', screen);
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style| on[a-z]+=|https?:/i);
    assets.push(...[...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path));
  }
  expect(assets.length).toBeGreaterThan(3);
  for (const path of [
    ...Object.keys(document.paths),
    ...screens,
    ...assets,
    '/',
    '/docs',
    '/docs/docs.js',
    '/nothing',
  ]) {
    const { headers } = await bank.client.raw('GET', path);
    expect({ path, ...headers }).toMatchObject({
      path,
      'strict-transport-security': 'max-age=31536000',
      'content-security-policy': [
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"],
        ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
      ].join(';'),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['server']).toBeUndefined();
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
});

test('the page that checks receipts has the same, and a content policy that names its script by its hash', async () => {
  const { status, headers, text } = await bank.client.raw('GET', '/verify');
  expect({ status, ...headers }).toMatchObject({
    status: 200,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'strict-transport-security': 'max-age=31536000',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  });
  const script = /<script>([^]*?)<\/script>/.exec(text)?.[1] ?? '';
  const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
  const hashOf = (part: string): string => `'sha256-${createHash('sha256').update(part).digest('base64')}'`;
  expect(headers['content-security-policy']).toBe(
    [
      ...["default-src 'none'", `script-src ${hashOf(script)}`, `style-src ${hashOf(style)}`],
      ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ].join('; '),
  );
  // Without a signer there is no key to name.
  expect(text).not.toMatch(/<meta name="bank-policy"/);
});
