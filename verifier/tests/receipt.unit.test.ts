/** A customer's receipt, as a file and as a QR code's text: proven as it is, and with no bit changed. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Failure } from '../src/failure.js';
import { unpack } from '../src/packed.js';
import type { Policy } from '../src/policy.js';
import { parsePolicy } from '../src/policy.js';
import { checkReceipt } from '../src/receipt.js';
import { pack, proofFile, sha256 } from './build.ts';
import { bankOf, largeReceipt } from './bank.ts';
import { openingOf6, secondPartOf6 } from './vectors.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hash = (content: Uint8Array): Buffer => sha256(content);
const { receipt, policyText, checkpoint, hashes } = bankOf();

async function check(file: string | Uint8Array): Promise<unknown> {
  const policy = (await parsePolicy(bytes(policyText))) as Policy;
  return checkReceipt(typeof file === 'string' ? bytes(file) : file, policy, hash);
}
const codeOf = async (file: string | Uint8Array): Promise<unknown> => {
  const result = await check(file);
  return result instanceof Failure ? result.code : 'proven';
};

test('a receipt shows its bank, position, content, and who cosigned when', async () => {
  expect(await check(receipt)).toMatchObject({
    bank: 'bank.example/journal-main',
    position: 6,
    size: 8,
    parts: [{ account: '17', amount: '-2000', balance: '8000', counterparty: '23' }],
    cosigned: [{ name: 'w1', at: 1_700_000_000 }],
  });
});

test('one side’s receipt says nothing of the other side’s balance', () => {
  expect(Buffer.from(/extra (.*)/.exec(receipt)?.[1] ?? '', 'base64').toString()).not.toContain('512345');
});

test('the text of its QR code unpacks to the same bytes, and is proven', async () => {
  const unpacked = await unpack(pack(receipt));
  expect(unpacked instanceof Failure ? unpacked.detail : Buffer.from(unpacked).toString()).toBe(receipt);
  expect(await codeOf(pack(receipt))).toBe('proven');
  expect(await codeOf(` ${pack(receipt)}\r\n`)).toBe('proven');
});

test('the documented text of a QR code is this receipt', async () => {
  const page = readFileSync(new URL('../../docs/verifying.md', import.meta.url), 'utf8');
  const documented = /^GL1:.*$/m.exec(page)?.[0] ?? '';
  expect(documented).toBe(pack(receipt));
  expect(await codeOf(documented)).toBe('proven');
});

test('with both parts opened, or the last, the QR code’s text holds them', async () => {
  for (const opening of [
    openingOf6 + secondPartOf6,
    openingOf6.slice(0, openingOf6.indexOf('\n\n') + 2) + secondPartOf6,
  ]) {
    const file = proofFile(bytes(opening), 5, hashes, checkpoint);
    const unpacked = await unpack(pack(file));
    expect(unpacked instanceof Failure ? unpacked.detail : Buffer.from(unpacked).toString()).toBe(file);
  }
});

test('a receipt from a journal of a million events, with two witnesses, fits a QR code of version 25', async () => {
  const text = pack(largeReceipt());
  expect(await unpack(text)).not.toBeInstanceOf(Failure);
  // ISO/IEC 18004: version 25, error correction L, alphanumeric.
  expect(text.length).toBeLessThanOrEqual(1853);
});

test('every changed bit of a receipt file is found', async () => {
  const whole = bytes(receipt);
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const copy = Uint8Array.from(whole);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // A final line feed that became a space is not part of what is proven.
    if (bit >> 3 === whole.length - 1) continue;
    expect(await codeOf(copy), `bit ${String(bit)}`).not.toBe('proven');
  }
});

test('every changed character of a QR code’s text is found', async () => {
  const text = pack(receipt);
  for (let at = 0; at < text.length; at += 1) {
    const other = text.charAt(at) === '7' ? '8' : '7';
    expect(await codeOf(text.slice(0, at) + other + text.slice(at + 1)), `character ${String(at)}`).toBe('unreadable');
  }
});

test.each([
  ['nothing', ''],
  ['another file', 'hello'],
  ['half of it', receipt.slice(0, receipt.length / 2)],
  ['half of its QR code', pack(receipt).slice(0, 400)],
  ['an empty QR code', 'GL1:'],
  ['no entry', receipt.replace(/extra .*\n/, '')],
  ['an index with a sign', receipt.replace('index 5', 'index +5')],
  [
    '64 hashes',
    proofFile(
      bytes(openingOf6),
      5,
      Array.from({ length: 64 }, () => sha256()),
      checkpoint,
    ),
  ],
])('a receipt of which there is %s cannot be read', async (_, file) => {
  expect(await codeOf(file)).toBe('unreadable');
});

test('a receipt with another’s place in the tree is not proven', async () => {
  expect(await codeOf(receipt.replace('index 5', 'index 4'))).toBe('other_entry');
  expect(await codeOf(receipt.replace(/\n8\n/, '\n9\n'))).toBe('bad_signature');
});
