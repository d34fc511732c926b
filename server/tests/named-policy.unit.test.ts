/** The policy that a bank names: complete where it is known, without addresses, and none rather than a wrong one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { signingKey, vkeyOf } from '../../ledger/src/transparency/note.ts';
import { namedPolicy } from '../src/log/named-policy.ts';

const folder = mkdtempSync(join(tmpdir(), 'named-policy-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const vkey = vkeyOf(signingKey('bank.example/log', 0x01, Buffer.alloc(32, 7)));
const other = vkeyOf(signingKey('bank.example/older', 0x01, Buffer.alloc(32, 8)));
const witness = `witness w1 ${vkeyOf(signingKey('witness.example/w1', 0x04, Buffer.alloc(32, 9)))}`;

const name = (text: string | undefined, key: string | undefined): Promise<string | undefined> => {
  const file = join(folder, 'policy');
  if (text !== undefined) writeFileSync(file, text);
  return namedPolicy({ policyFile: text === undefined ? undefined : file, stateDir: folder, vkey: key });
};

test.each<[string, string | undefined, string | undefined, string | undefined]>([
  ['a log that nobody witnesses', undefined, vkey, `log ${vkey}\nquorum none\n`],
  ['a bank without a log', undefined, undefined, undefined],
  [
    'witnesses, whose addresses stay here',
    `# ours\n${witness}  http://10.0.0.7:8080/inside\nquorum w1`,
    vkey,
    `log ${vkey}\n${witness}\nquorum w1\n`,
  ],
  [
    'a log that the file names counts, not the database’s',
    `log ${other} https://b\nquorum none\n`,
    vkey,
    `log ${other}\nquorum none\n`,
  ],
  ['a file with no key from anywhere', `${witness}\nquorum w1\n`, undefined, undefined],
  ['a file that no one can read as a policy', `${witness}\nquorum w2\n`, vkey, undefined],
  ['an empty file', '', vkey, undefined],
])('%s', async (_name, text, key, named) => {
  expect(await name(text, key)).toBe(named);
});

test('a file that was named and is not there is not the same as no witness', async () => {
  const policyFile = join(folder, 'nowhere');
  expect(await namedPolicy({ policyFile, stateDir: folder, vkey })).toBeUndefined();
});
