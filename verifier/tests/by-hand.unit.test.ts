/** The page of instructions: what it says to type into bash, with OpenSSL alone, finds a receipt proven, and a changed one not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { abbreviations } from '../src/packed.js';
import { bankOf } from './bank.ts';

const page = readFileSync(new URL('../../docs/verifying.md', import.meta.url), 'utf8');
const commands = /```bash\n([^]*?)```/.exec(page)?.[1] ?? '';
const hasTools = ['openssl', 'xxd', 'sha256sum', 'base64'].every(
  (tool) => spawnSync('bash', ['-c', `command -v ${tool}`]).status === 0,
);

function carryOut(receipt: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'by-hand-'));
  try {
    writeFileSync(join(folder, 'receipt.tlog-proof'), receipt);
    const { stdout, stderr } = spawnSync('bash', ['-c', commands], { cwd: folder, timeout: 50_000 });
    return stdout.toString() + stderr.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.skipIf(!hasTools)('a receipt is proven by hand, and a changed one is not', () => {
  const { receipt } = bankOf();
  const said = carryOut(receipt);
  expect(said.match(/Signature Verified Successfully/g)).toHaveLength(2);
  expect(said.match(/^OK: .*$/gm)).toEqual(['OK: part 0', 'OK: position', 'OK: length of the proof', 'OK: root']);
  expect(said).not.toMatch(/DIFFERS|Failure/);
  expect(carryOut(receipt.replace('\n8\n', '\n9\n'))).toMatch(/Signature Verification Failure/);
  expect(carryOut(receipt.replace('index 5', 'index 4'))).toContain('DIFFERS: root');
});

test('the table of abbreviations is the one in use', () => {
  const cells = page.replaceAll(/ *\| */g, '|');
  for (const [at, text] of abbreviations.entries()) expect(cells).toContain(`|${String(at + 1)}|\`${text}\`|`);
});
