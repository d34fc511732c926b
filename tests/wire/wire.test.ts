/** What a listener on the wire could read: nothing; and the search would find it, were it there. */
import fc from 'fast-check';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank } from '../../server/tests/support/bank.ts';
import { handshakeIn } from './handshake.ts';
import type { Recording } from './recording.ts';
import { recordByRelay } from './relay.ts';
import type { Report } from './report.ts';
import { isSafe, reportText } from './report.ts';
import { search } from './search.ts';
import { visit } from './visit.ts';

let bank: Bank;
let port: number;
beforeAll(async () => {
  bank = await openBank();
  port = Number(new URL(bank.client.origin).port);
  // Numbers long enough not to come by chance.
  await bank.customer();
});
afterAll(() => bank.close());

async function record(withoutTls: boolean): Promise<Report> {
  const { ca } = bank.authority;
  const relay = await recordByRelay(port, withoutTls ? { takeOffTls: { ca } } : {});
  const visited = await visit(relay.port, withoutTls ? undefined : ca);
  const recording = await relay.stop();
  const found = search(recording, visited.secrets);
  return { at: new Date(), recording, visit: visited, handshake: handshakeIn(recording), found };
}

test('a whole visit leaves nothing readable on the wire, in any common encoding', async () => {
  const report = await record(false);
  expect(report.found.finds).toEqual([]);
  expect(report.handshake).toEqual({ version: 'TLS 1.3', cipher: 'TLS_AES_256_GCM_SHA384' });
  expect(isSafe(report)).toBe(true);
  const text = reportText(report);
  expect(text).toContain('**Nothing readable.**');
  for (const operation of ['log-in', 'deposit', 'withdrawal', 'transfer', 'history', 'statement', 'log-out']) {
    expect(text).toMatch(new RegExp(`\\| ${operation} +\\| [1-9]`));
  }
  // The report itself tells none of it.
  for (const secret of report.visit.secrets.filter((one) => one.text.length > 3))
    expect(text).not.toContain(secret.text);
});

test('with TLS taken off the same check fails, and finds every secret', async () => {
  const report = await record(true);
  expect(report.handshake).toBeUndefined();
  expect(isSafe(report)).toBe(false);
  const whats = new Set(report.found.finds.map(({ what }) => what));
  // Account numbers of three digits or less are found or not, as chance would have it.
  const long = report.visit.secrets.filter(({ text }) => text.length > 3);
  expect(long.length).toBeGreaterThan(10);
  expect(long.filter(({ what }) => !whats.has(what))).toEqual([]);
  expect(reportText(report)).toContain('**Not protected.**');
});

test('a recording without some operation is no proof', async () => {
  const report = await record(false);
  const { pieces } = report.recording;
  const deaf = { ...report, recording: { ...report.recording, pieces: pieces.slice(0, 5) } };
  expect(isSafe(deaf)).toBe(false);
  expect(reportText(deaf)).toContain('**No verdict.**');
});

test('the handshake is read off the wire, in version 1.2 too', async () => {
  const relay = await recordByRelay(port);
  await new Promise<void>((resolve, reject) => {
    const socket = connectTls(
      { host: 'localhost', port: relay.port, ca: bank.authority.ca, maxVersion: 'TLSv1.2' },
      () => {
        socket.destroy();
        resolve();
      },
    );
    socket.on('error', reject);
  });
  const handshake = handshakeIn(await relay.stop());
  expect(handshake).toEqual({ version: 'TLS 1.2', cipher: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' });
});

describe('the search', () => {
  const heard = (...parts: readonly Buffer[]): Recording => ({
    ...{ recorder: 'a test', unit: 'pieces' },
    pieces: parts.map((bytes) => ({ atMs: 0, from: 'bank', bytes })),
  });
  const finds = (secret: string, ...parts: readonly Buffer[]): boolean =>
    search(heard(...parts), [{ what: 'it', text: secret }]).finds.length > 0;

  const secret = 'Éléonore Żółć';
  test.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(secret)],
    ['capitals', Buffer.from(secret.toUpperCase())],
    ['without accents', Buffer.from('eleonore ')],
    ['UTF-16, little end first', Buffer.from(secret, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(secret, 'utf16le').swap16()],
    ['hexadecimal', Buffer.from(Buffer.from(secret).toString('hex'))],
    ['percent', Buffer.from(encodeURIComponent(secret))],
    ['JSON escapes', Buffer.from('\\u00c9l\\u00e9onore \\u017b\\u00f3\\u0142\\u0107')],
    ['HTML entities', Buffer.from('&#201;l&#233;onore &#379;&#243;&#322;&#263;')],
    ['decomposed', Buffer.from(secret.normalize('NFD'))],
  ])('finds a name in %s', (_how, bytes) => {
    const isBare = bytes.toString() === 'eleonore ';
    expect(finds(isBare ? 'Éléonore' : secret, Buffer.from('…'), bytes, Buffer.from('…'))).toBe(true);
  });

  test.each(['7531.09', '7531,09', '7 531,09', '7\u202f531,09', '7.531,09', '753109'])(
    'finds an amount as %s',
    (text) => {
      expect(finds('7531.09', Buffer.from(`{"a":"${text}"}`))).toBe(true);
    },
  );

  test('finds it in Base64 wherever it begins, and across the ends of packets', () => {
    fc.assert(
      fc.property(
        ...[
          fc.uint8Array({ maxLength: 9 }),
          fc.stringMatching(/^[\w.-]{4,12}$/),
          fc.uint8Array({ maxLength: 9 }),
          fc.nat(),
        ],
        (before, text, after, cut) => {
          const whole = Buffer.concat([before, Buffer.from(text), after]);
          for (const written of [whole.toString('base64'), whole.toString('base64url'), whole.toString('hex')]) {
            const bytes = Buffer.from(written);
            const at = cut % bytes.length;
            expect(finds(text, bytes.subarray(0, at), bytes.subarray(at))).toBe(true);
          }
        },
      ),
    );
  });

  test('finds nothing where nothing is', () => {
    expect(finds('7531.09', Buffer.from('7531.10 7531 09 Base64'))).toBe(false);
  });
});
