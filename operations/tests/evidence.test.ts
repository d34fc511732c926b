/** Evidence of one account over some days: the verifier accepts it, finds what was altered, and nobody else's balance is in it. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { civilTime } from '../../ledger/src/civil-time.ts';
import { vkeyOf } from '../../ledger/src/transparency/note.ts';
import type { Evidence } from '../src/evidence/write-evidence.ts';
import { rangeOf } from '../src/evidence/range.ts';
import { writeEvidence } from '../src/evidence/write-evidence.ts';
import type { SignedJournal } from './signed-journal.ts';
import { logKey, signedJournal } from './signed-journal.ts';

let bank: SignedJournal;
let out: string;
beforeEach(async () => {
  bank = await signedJournal();
  out = join(bank.stateDir, 'evidence');
  const transfers = Array.from({ length: 6 }, (_, n) => transfer(n + 1));
  await bank.journal.append(transfers, { after: 0 });
  const signer = bank.start();
  await expect.poll(async () => (await bank.published())?.size).toBe(6);
  await signer.stop();
});
afterEach(() => bank.close());

/** One a day from the 1st of December on; the other's balance is 777,000 and more. */
const transfer = (n: number) => ({
  ...{ id: randomUUID(), type: 'Transferred' },
  data: JSON.stringify({
    currency: 'EUR',
    postings: [
      { account: '17', amount: '-100', version: n, balance: String(-100 * n) },
      { account: '23', amount: '100', version: n, balance: String(777_000 + 100 * n) },
    ],
  }),
  metadata: JSON.stringify({
    ...{ commandId: `k-${String(n)}`, actor: 'session:secret' },
    ...{ recordedAt: `2026-12-0${String(n)}T09:00:00.000Z`, valueDate: `2026-12-0${String(n)}` },
  }),
});

const write = (from: string, to: string, account = '17'): Promise<Evidence> =>
  writeEvidence({
    ...{ pool: bank.owner, journal: bank.journal, account, out, key: logKey, policy: undefined },
    ...{ range: rangeOf(civilTime('Europe/Paris'), from, to), onProgress: () => undefined },
  });

async function verify(): Promise<{ readonly code: number; readonly said: string }> {
  const policy = join(bank.stateDir, 'policy');
  writeFileSync(policy, `log ${vkeyOf(logKey)}\nquorum none\n`);
  const path = fileURLToPath(new URL('../../verifier/cli/main.js', import.meta.url));
  return promisify(execFile)(process.execPath, [path, 'evidence', out, '--policy', policy]).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    },
  );
}

test('the verifier accepts it, and nobody else’s balance or session is in it', async () => {
  expect(await write('2026-12-02', '2026-12-04')).toEqual({ eventCount: 3, size: 6, isSigned: true });
  const { code, said } = await verify();
  expect(said).toContain('Proven: 3 events of account 17');
  expect(said).toContain('from version 1 and -100 to version 4 and -400');
  expect(said).toContain('key signed the manifest');
  expect(code).toBe(0);
  for (const name of readdirSync(join(out, 'proofs'))) {
    const extra = /^extra (.*)$/m.exec(readFileSync(join(out, 'proofs', name), 'utf8'))?.[1] ?? '';
    const opening = Buffer.from(extra, 'base64').toString();
    expect(opening).toContain('"account":"17"');
    expect(opening).not.toMatch(/777|secret/);
  }
  expect(readFileSync(join(out, 'manifest.json'), 'utf8')).not.toMatch(/777\d{3}"|secret/);
  await expect(write('2026-12-02', '2026-12-04')).rejects.toThrow(/is not empty/);
});

test('what was altered or taken away is named', async () => {
  await write('2026-12-02', '2026-12-04');
  const [proof, manifest] = [join(out, 'proofs/3.tlog-proof'), join(out, 'manifest.json')];
  const [before, text] = [readFileSync(proof, 'utf8'), readFileSync(manifest, 'utf8')];
  writeFileSync(proof, before.replace('index 2', 'index 3'));
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('proofs/3.tlog-proof') as string });
  rmSync(proof);
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('3.tlog-proof is missing') as string });
  writeFileSync(proof, before);
  writeFileSync(manifest, text.replace(/(\s)3,/, '$1'));
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('manifest.signed signs') as string });
  rmSync(join(out, 'manifest.signed'));
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('from version 2 to 4') as string });
  rmSync(manifest);
  expect(await verify()).toMatchObject({ code: 2 });
});

test('days without an event, an unknown account, days that are none: a sentence', async () => {
  await expect(write('2025-01-01', '2025-01-02')).rejects.toThrow(/has no event from 2025-01-01 to 2025-01-02/);
  await expect(write('2026-12-02', '2026-12-04', '99')).rejects.toThrow(/There is no account 99/);
  expect(() => rangeOf(civilTime('UTC'), '2026-02-30', '2026-03-01')).toThrow(/--from is "2026-02-30"/);
  expect(() => rangeOf(civilTime('UTC'), '2026-03-02', '2026-03-01')).toThrow(/is before --from/);
});
