/** Witnesses over HTTP, asked by the real signer: what they remember, what they refuse, and what holds when one is away or killed. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointText, cosignedAt, openCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { parseSignatureLine, parseVkey, signingKey, vkeyOf } from '../../ledger/src/transparency/note.ts';
import { parsePolicy } from '../../ledger/src/transparency/policy.ts';
import { freePort } from '../src/free-port.ts';
import { askWitnesses } from '../src/signer/witnesses.ts';
import { nameOf } from '../src/witness/cosigned-file.ts';
import type { Witness, WitnessOptions } from '../src/witness/witness.ts';
import { startWitness } from '../src/witness/witness.ts';
import type { SignedJournal } from './signed-journal.ts';
import { logKey, signedJournal } from './signed-journal.ts';
import { bodyOf, leavesOf, noteOf, submissionOf, treeOf } from './submissions.ts';

const silent = pino({ enabled: false });
let folder: string;
const open: Witness[] = [];
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-witness-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const witness of open.splice(0)) await witness.close();
  rmSync(folder, { recursive: true, force: true });
});

async function witness(name: string, options: Partial<WitnessOptions> = {}): Promise<Witness> {
  const dir = join(folder, name);
  const started = await startWitness({ name, logs: [logKey], dir, port: 0, log: silent, ...options });
  open.push(started);
  return started;
}
const post = (url: string, body: string | Uint8Array<ArrayBuffer>) =>
  fetch(`${url}/add-checkpoint`, { method: 'POST', body });
const remembered = (url: string, origin = logKey.name) => fetch(`${url}/${nameOf(origin)}/checkpoint`);
const tree = (size: number) => treeOf(leavesOf(Array.from({ length: size }, (_, n) => String(n))));

describe('over HTTP', () => {
  test('cosigns, remembers, and gives what it remembers to whoever asks', async () => {
    const { url, vkey } = await witness('w');
    expect((await remembered(url)).status).toBe(404);
    const given = await post(url, submissionOf(logKey, tree(8), 0));
    expect(given.status).toBe(200);
    const key = parseVkey(vkey) ?? expect.fail('a key');
    const line = parseSignatureLine((await given.text()).trimEnd()) ?? expect.fail('a signature line');
    const seconds = cosignedAt(line, key, checkpointText({ origin: logKey.name, ...tree(8) })) ?? 0;
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
    const last = await remembered(url);
    expect(last.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(openCheckpoint(await last.text(), logKey)).toMatchObject({ size: 8 });
    const conflict = await post(url, submissionOf(logKey, tree(13), 5));
    expect([conflict.status, conflict.headers.get('content-type'), await conflict.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '8\n',
    ]);
    expect((await post(url, submissionOf(logKey, tree(13), 8))).status).toBe(200);
  });

  test('its key and what it cosigned are for itself alone', async () => {
    const { url } = await witness('w');
    await post(url, submissionOf(logKey, tree(8), 0));
    const files = readdirSync(join(folder, 'w'));
    expect(files.toSorted()).toEqual([nameOf(logKey.name), 'witness.key'].toSorted());
    for (const file of files) expect(statSync(join(folder, 'w', file)).mode & 0o777).toBe(0o600);
  });

  test('of several at once that continue the same checkpoint differently one is cosigned', async () => {
    const { url } = await witness('w');
    const sizes = [5, 6, 7, 8, 9];
    const answers = await Promise.all(sizes.map((size) => post(url, submissionOf(logKey, tree(size), 0))));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409, 409]);
    const winner = String(sizes[statuses.indexOf(200)]);
    const told = await Promise.all(answers.filter(({ status }) => status === 409).map((answer) => answer.text()));
    expect(new Set(told)).toEqual(new Set([`${winner}\n`]));
  });

  test('what is no request is refused and ends nothing', async () => {
    const { url } = await witness('w');
    expect((await post(url, 'x'.repeat(100_000))).status).toBe(400);
    expect((await post(url, new Uint8Array([0xff, 0xfe]))).status).toBe(400);
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    expect((await remembered(url, 'other.example/log')).status).toBe(404);
    // Whoever begins a request and never ends it is not waited for.
    const { hostname, port } = new URL(url);
    const slow = connect(Number(port), hostname);
    slow.write('POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nold');
    await once(slow.resume(), 'close');
    expect((await post(url, submissionOf(logKey, tree(8), 0))).status).toBe(200);
  });

  test('remembers over a restart', async () => {
    const first = await witness('w');
    await post(first.url, submissionOf(logKey, tree(8), 0));
    await first.close();
    const { url, vkey } = await witness('w');
    expect(vkey).toBe(first.vkey);
    expect((await post(url, submissionOf(logKey, tree(13), 0))).status).toBe(409);
    expect((await post(url, submissionOf(logKey, tree(5), 5))).status).toBe(409);
  });

  test.each<[string, (file: string) => void]>([
    [
      'emptied',
      (file) => {
        writeFileSync(file, '');
      },
    ],
    [
      'cut',
      (file) => {
        writeFileSync(file, readFileSync(file).subarray(0, 100));
      },
    ],
    [
      'of an earlier size that it never cosigned',
      (file) => {
        writeFileSync(file, noteOf(logKey, tree(5)));
      },
    ],
  ])(
    'what it remembers was %s: it cosigns nothing of that log, says so, and goes on with the others',
    async (_name, spoil) => {
      const said: string[] = [];
      const log = pino({}, { write: (line: string) => said.push(line) });
      const other = signingKey('other.example/log', 0x01, Buffer.alloc(32, 2));
      const first = await witness('w');
      await post(first.url, submissionOf(logKey, tree(8), 0));
      await first.close();
      spoil(join(folder, 'w', nameOf(logKey.name)));
      const { url } = await witness('w', { logs: [logKey, other], log });
      expect(said.join('')).toContain('does not hold what this witness cosigned last of bank.example/log');
      for (const oldSize of [0, 5, 8]) {
        const refused = await post(url, submissionOf(logKey, tree(13), oldSize));
        expect([refused.status, await refused.text()]).toEqual([500, expect.stringContaining('nothing is cosigned')]);
      }
      expect((await post(url, submissionOf(other, tree(3), 0))).status).toBe(200);
    },
  );

  test('its port is taken: one sentence', async () => {
    const { url } = await witness('w');
    await expect(witness('v', { port: Number(new URL(url).port) })).rejects.toThrow(/cannot listen on localhost:\d+/);
  });
});

describe('asked by the signer', () => {
  let bank: SignedJournal;
  beforeEach(async () => {
    bank = await signedJournal();
  });
  afterEach(() => bank.close());

  const asking = (lines: readonly Pick<Witness, 'policyLine'>[], quorum: string, send?: typeof fetch) =>
    askWitnesses({
      policy: parsePolicy([...lines.map(({ policyLine }) => policyLine), quorum].join('\n'), 'test'),
      log: silent,
      ...(send !== undefined && { fetch: send }),
    });
  const published = (size: number) => expect.poll(async () => (await bank.published())?.size).toBe(size);
  const cosigned = (size: number | undefined) =>
    expect.poll(async () => (await bank.published())?.cosigned?.size).toBe(size);

  test('one of two is enough: with one away it goes on; two of two: it stands still', async () => {
    const [v, w] = [await witness('v'), await witness('w')];
    await bank.append(300);
    const both = bank.start({ cosign: asking([v, w], 'group g all v w\nquorum g') });
    await cosigned(300);
    expect((await bank.published())?.cosigned?.note.match(/^— [vw] /gm)).toHaveLength(2);
    await w.close();
    await bank.append(5);
    await published(305);
    expect((await bank.published())?.cosigned?.size).toBe(300);
    await both.stop();
    const one = bank.start({ cosign: asking([v, w], 'group g any v w\nquorum g') });
    await bank.append(5);
    await cosigned(310);
    await one.stop();
  });

  test('an answer that was lost costs nothing: the signer asks again and is told the size', async () => {
    const w = await witness('w');
    let lost = 0;
    const losing: typeof fetch = async (...request) => {
      const answer = await fetch(...request);
      if (lost++ === 0) throw new Error('the connection was lost');
      return answer;
    };
    await bank.append(3);
    const signer = bank.start({ cosign: asking([w], 'quorum w', losing) });
    await published(3);
    expect(openCheckpoint(await (await remembered(w.url)).text(), logKey)?.size).toBe(3);
    // It waits a second after a failure.
    await expect
      .poll(async () => {
        await bank.append(1);
        return (await bank.published())?.cosigned?.size ?? 0;
      })
      .toBeGreaterThan(3);
    await signer.stop();
  });

  test('a history that was put back together with all that the signer remembers is refused', async () => {
    const w = await witness('w');
    await bank.append(300);
    const before = bank.start({ cosign: asking([w], 'quorum w') });
    await cosigned(300);
    await before.stop();
    // The owner of the database, holding the signing key as well.
    await bank.tamper(
      `delete from log.tiles; update log.checkpoint set size = 0, note = null, cosigned_size = null, cosigned_note = null,
         cosigned_at = null; update journal.events set data = '{"account":"1","reason":"x"}' where position = 7`,
    );
    rmSync(bank.signedFile);
    const after = bank.start({ cosign: asking([w], 'quorum w') });
    await bank.append(5);
    await published(305);
    expect((await bank.published())?.cosigned).toBeUndefined();
    expect(openCheckpoint(await (await remembered(w.url)).text(), logKey)?.size).toBe(300);
    await after.stop();
  });
});

describe('as a process', () => {
  function start(env: NodeJS.ProcessEnv): { readonly child: ChildProcess; readonly said: () => string } {
    const child = fork(fileURLToPath(new URL('../../scripts/witness.ts', import.meta.url)), {
      env: { WITNESS_DIR: join(folder, 'w'), WITNESS_NAME: 'w', ...env },
      execArgv: process.execArgv,
      silent: true,
    });
    children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()));
    return { child, said: () => said };
  }

  test('says its policy line, is killed between remembering and answering, and contradicts itself never', async () => {
    const port = await freePort();
    const env = { WITNESS_LOGS: vkeyOf(logKey), WITNESS_PORT: String(port) };
    const killed = start(env);
    await expect.poll(killed.said).toMatch(/witness w w\+[0-9a-f]{8}\+\S+ http:\/\/localhost:\d+\n/);
    const url = `http://localhost:${String(port)}`;
    const file = join(folder, 'w', nameOf(logKey.name));
    // Whoever asked learns nothing: its connection is gone before there is an answer.
    const body = submissionOf(logKey, tree(8), 0);
    const asking = connect(port, 'localhost').on('error', () => undefined);
    asking.write(
      `POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
    );
    await expect.poll(() => readdirSync(join(folder, 'w')), { interval: 1 }).toContain(nameOf(logKey.name));
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    expect(openCheckpoint(readFileSync(file, 'utf8'), logKey)?.size).toBe(8);
    const again = start(env);
    await expect.poll(again.said).toContain('witness w w+');
    expect(await (await post(url, submissionOf(logKey, tree(13), 0))).text()).toBe('8\n');
    const other = treeOf(leavesOf(['another']));
    expect((await post(url, bodyOf(8, [], noteOf(logKey, { size: 8, root: other.root })))).status).toBe(422);
    expect((await post(url, submissionOf(logKey, tree(13), 8))).status).toBe(200);
    again.child.kill('SIGTERM');
    expect(await once(again.child, 'exit')).toEqual([0, null]);
    expect(again.said()).not.toContain(readFileSync(join(folder, 'w', 'witness.key'), 'utf8'));
  });

  test('with a setting that is wrong it says which', async () => {
    const { child, said } = start({ WITNESS_LOGS: 'x' });
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(said()).toContain('WITNESS_LOGS has "x", which is no log’s key.');
  });
});
