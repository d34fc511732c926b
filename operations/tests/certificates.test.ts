/** Certificates: made once, trusted by those who have the authority, renewed in time, and rejected with a sentence when wrong. */
import 'reflect-metadata';
import { X509Crl } from '@peculiar/x509';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { connect, createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureCertificates, eventLogNodes } from '../src/certificates/ensure.ts';
import { addTerminal, revokeTerminal } from '../src/certificates/terminals.ts';

const now = Date.now();
const dayMs = 86_400_000;

let certsDir: string;
beforeEach(() => {
  certsDir = mkdtempSync(join(tmpdir(), 'grand-livre-certs-'));
});
afterEach(() => {
  rmSync(certsDir, { recursive: true, force: true });
});

const file = (name: string): string => join(certsDir, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');

async function handshake(host: string, ca: string): Promise<string | null> {
  const server = createServer({ cert: read('server.crt'), key: read('server.key') }, (socket) => socket.end());
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const socket: TLSSocket = connect({
    host,
    port: port ?? 0,
    ca,
    ...(host === 'localhost' ? { servername: host } : {}),
  });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } finally {
    socket.destroy();
    server.close();
  }
}

test('made at the first start, trusted under every local name, keys for the owner only; nothing made twice', async () => {
  expect(await ensureCertificates(certsDir, now)).toEqual({ ca: file('ca.crt'), made: ['ca.crt', 'server.crt'] });
  expect(await handshake('localhost', read('ca.crt'))).toBe('TLSv1.3');
  expect(await handshake('127.0.0.1', read('ca.crt'))).toBe('TLSv1.3');
  for (const key of ['ca.key', 'server.key']) expect(statSync(file(key)).mode & 0o777).toBe(0o600);
  expect(await ensureCertificates(certsDir, now)).toMatchObject({ made: [] });
});

test('names of CERT_NAMES are added when they are first asked for; nodes of the event log get a certificate too', async () => {
  await ensureCertificates(certsDir, now);
  const names = ['bank.example.org', '192.0.2.9'];
  const { made } = await ensureCertificates(certsDir, now, { names, also: [eventLogNodes] });
  expect(made).toEqual(['server.crt', 'event-log.crt']);
  const certificate = new X509Certificate(read('server.crt'));
  expect(certificate.checkHost('bank.example.org')).toBeDefined();
  expect(certificate.checkIP('192.0.2.9')).toBeDefined();
  expect(certificate.checkHost('localhost')).toBeDefined();
  const node = new X509Certificate(read('event-log.crt'));
  expect(node.publicKey.asymmetricKeyType).toBe('rsa');
  expect(node.checkHost('event-log-2')).toBeDefined();
  expect(await ensureCertificates(certsDir, now, { names, also: [eventLogNodes] })).toMatchObject({ made: [] });
});

test('whoever trusts another authority does not trust this server', async () => {
  await ensureCertificates(certsDir, now);
  const other = mkdtempSync(join(tmpdir(), 'grand-livre-certs-'));
  await ensureCertificates(other, now);
  const otherCa = readFileSync(join(other, 'ca.crt'), 'utf8');
  rmSync(other, { recursive: true });
  await expect(handshake('localhost', otherCa)).rejects.toThrow(/certificate/);
});

test('renewed before it runs out, under the same authority', async () => {
  await ensureCertificates(certsDir, now);
  const [authority, before] = [read('ca.crt'), new X509Certificate(read('server.crt'))];
  const shortlyBefore = before.validToDate.getTime() - 10 * dayMs;
  expect(await ensureCertificates(certsDir, shortlyBefore)).toMatchObject({ made: ['server.crt'] });
  const after = new X509Certificate(read('server.crt'));
  expect(read('ca.crt')).toBe(authority);
  expect(after.serialNumber).not.toBe(before.serialNumber);
  expect(after.validToDate.getTime()).toBeGreaterThan(before.validToDate.getTime());
  expect(after.checkIssued(new X509Certificate(authority))).toBe(true);
});

const wrongs: readonly [name: string, how: () => void, sentence: RegExp][] = [
  [
    'a certificate that is none',
    () => {
      writeFileSync(file('server.crt'), 'nonsense');
    },
    /not readable as PEM/,
  ],
  [
    'a key that is none',
    () => {
      writeFileSync(file('server.key'), 'nonsense');
    },
    /server\.key is not readable as PEM/,
  ],
  [
    'a key of another certificate',
    () => {
      writeFileSync(file('server.key'), read('ca.key'));
    },
    /is not the key of server/,
  ],
  [
    'a missing key',
    () => {
      rmSync(file('server.key'));
    },
    /server\.key is missing/,
  ],
  [
    'a missing authority',
    () => {
      rmSync(file('ca.crt'));
    },
    /has server\.crt but no ca\.crt/,
  ],
];

test.each(wrongs)('%s is rejected with a sentence', async (_, how, sentence) => {
  await ensureCertificates(certsDir, now);
  how();
  await expect(ensureCertificates(certsDir, now)).rejects.toThrow(sentence);
});

test('brought certificates are used as they are until their last day, and rejected when they have run out', async () => {
  await ensureCertificates(certsDir, now);
  rmSync(file('ca.key'));
  expect(await ensureCertificates(certsDir, now)).toMatchObject({ made: [] });
  const runOut = new X509Certificate(read('server.crt')).validToDate.getTime() + dayMs;
  const lastDay = new X509Certificate(read('server.crt')).validToDate.getTime() - dayMs;
  expect((await ensureCertificates(certsDir, lastDay)).made).toEqual([]);
  await expect(ensureCertificates(certsDir, runOut)).rejects.toThrow(/cannot be renewed here: bring a new one/);
});

test('a server certificate of another authority is rejected', async () => {
  await ensureCertificates(certsDir, now);
  const other = mkdtempSync(join(tmpdir(), 'grand-livre-certs-'));
  await ensureCertificates(other, now);
  writeFileSync(file('ca.crt'), readFileSync(join(other, 'ca.crt')));
  rmSync(other, { recursive: true });
  await expect(ensureCertificates(certsDir, now)).rejects.toThrow(/server\.crt was not issued by ca\.crt/);
});

describe('with the authority in a folder of its own', () => {
  let caDir: string;
  beforeEach(() => {
    caDir = mkdtempSync(join(tmpdir(), 'grand-livre-ca-'));
  });
  afterEach(() => {
    rmSync(caDir, { recursive: true });
  });
  const inCa = (name: string): string => join(caDir, name);

  test('no key but the server’s is in the server’s folder, and both folders have the authority’s certificate', async () => {
    expect(await ensureCertificates(certsDir, now, { caDir })).toMatchObject({ made: ['ca.crt', 'server.crt'] });
    expect(readdirSync(certsDir).sort()).toEqual(['ca.crt', 'server.crt', 'server.key']);
    expect(readdirSync(caDir).sort()).toEqual(['ca.crt', 'ca.key']);
    expect(read('ca.crt')).toBe(readFileSync(inCa('ca.crt'), 'utf8'));
    expect(statSync(inCa('ca.key')).mode & 0o777).toBe(0o600);
    expect(await ensureCertificates(certsDir, now, { caDir })).toMatchObject({ made: [] });
  });

  test('another server gets its certificate from the same authority, with the list of who was revoked', async () => {
    await ensureCertificates(certsDir, now, { caDir });
    await addTerminal(caDir, 'lost', 'password', now);
    await revokeTerminal({ certsDir, caDir }, 'lost', now);
    const other = mkdtempSync(join(tmpdir(), 'grand-livre-certs-'));
    expect(await ensureCertificates(other, now, { caDir })).toMatchObject({ made: ['server.crt'] });
    expect(readFileSync(join(other, 'ca.crl'), 'utf8')).toBe(read('ca.crl'));
    rmSync(other, { recursive: true });
  });

  test('who was revoked before the authority moved stays revoked', async () => {
    await ensureCertificates(certsDir, now);
    for (const name of ['one', 'two']) await addTerminal(certsDir, name, 'password', now);
    await revokeTerminal({ certsDir, caDir: certsDir }, 'one', now);
    copyFileSync(file('ca.crt'), inCa('ca.crt'));
    for (const name of ['ca.key', 'terminals']) renameSync(file(name), inCa(name));
    await revokeTerminal({ certsDir, caDir }, 'two', now);
    expect(new X509Crl(read('ca.crl')).entries).toHaveLength(2);
    expect(readFileSync(inCa('ca.crl'), 'utf8')).toBe(read('ca.crl'));
  });

  test('a server without it works, and cannot renew', async () => {
    await ensureCertificates(certsDir, now, { caDir });
    expect(await ensureCertificates(certsDir, now, { caDir: join(caDir, 'away') })).toMatchObject({ made: [] });
    const renewal = ensureCertificates(certsDir, now, { caDir: join(caDir, 'away'), renew: true });
    await expect(renewal).rejects.toThrow(/cannot be renewed here/);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['the key left behind', () => ensureCertificates(certsDir, now), /has the authority's key although CA_DIR is/],
    [
      'another authority',
      async () => {
        await ensureCertificates(certsDir, now, { caDir });
        rmSync(inCa('ca.key'));
        rmSync(inCa('ca.crt'));
        const other = mkdtempSync(join(tmpdir(), 'grand-livre-certs-'));
        await ensureCertificates(other, now, { caDir });
        rmSync(other, { recursive: true });
      },
      /are of two authorities/,
    ],
  ])('%s is rejected with a sentence', async (_, how, sentence) => {
    await how();
    await expect(ensureCertificates(certsDir, now, { caDir })).rejects.toThrow(sentence);
  });

  test('npm run certs keeps terminals there', async () => {
    const script = fileURLToPath(new URL('../../scripts/certs.ts', import.meta.url));
    const env = { PATH: process.env['PATH'], CERTS_DIR: certsDir, CA_DIR: caDir };
    const run = (...given: string[]) => promisify(execFile)(process.execPath, [script, ...given], { env });
    expect((await run('terminal', 'gare')).stdout).toContain(inCa('terminals/gare/terminal.p12'));
    expect((await run()).stdout).toMatch(/terminal gare: 39\d days left/);
    expect(readdirSync(certsDir).sort()).toEqual(['ca.crt', 'server.crt', 'server.key']);
    await run('revoke', 'gare');
    expect(new X509Crl(read('ca.crl')).entries).toHaveLength(1);
  });
});
