/** What a signed note, its keys and a policy may not be, as tables; and which cosignatures are enough. */
import { expect, test } from 'vitest';
import { checkSignatures, parseCheckpoint } from '../src/checkpoint.js';
import { Failure } from '../src/failure.js';
import { checkSigner, parseKey, parseNote } from '../src/note.js';
import { isQuorum, parsePolicy } from '../src/policy.js';
import type { Signer } from './build.ts';
import { checkpointText, cosignatureLine, rootOf, seed, signatureLine, signer } from './build.ts';
import { checkpoint, leaves, logKey, policy, specKey, specNote, witnessKey } from './vectors.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const codeOf = (result: unknown): unknown => (result instanceof Failure ? result.code : 'proven');
const detailOf = (result: unknown): string => (result instanceof Failure ? result.detail : '');
function proven<T>(result: T | Failure): T {
  if (result instanceof Failure) throw new Error(result.detail);
  return result;
}

const log = signer('bank.example/journal-main', 1, seed(0));
const witnesses = [1, 2, 3, 4].map((n) => signer(`witness.example/w${String(n)}`, 4, seed(32 * n)));
const text = checkpointText(log.name, 8, rootOf(leaves));
const time = 1_700_000_000;
const signedBy = (...lines: readonly string[]): string => `${text}\n${signatureLine(log, text)}${lines.join('')}`;

async function answer(checkpointFile: string, policyText = policy): Promise<unknown> {
  const read = parseCheckpoint(bytes(checkpointFile));
  return read instanceof Failure ? read : checkSignatures(read, proven(await parsePolicy(bytes(policyText))));
}

test.each([
  ['CRLF', checkpoint.replaceAll('\n', '\r\n')],
  ['no empty line', checkpoint.replace('\n\n', '\n')],
  ['no signature', `${text}\n`],
  ['no final line feed', checkpoint.slice(0, -1)],
  ['a tab', checkpoint.replace('\n8\n', '\n8\t\n')],
  ['a hyphen for the dash', checkpoint.replace('—', '-')],
  ['base64 without padding', checkpoint.replace('LQM=', 'LQM')],
  ['base64 with unused bits', checkpoint.replace('LQM=', 'LQN=')],
  ['two spaces', checkpoint.replace('— bank', '—  bank')],
  ['a size with a leading zero', checkpoint.replace('\n8\n', '\n08\n')],
  ['a negative size', checkpoint.replace('\n8\n', '\n-8\n')],
  ['a size that no tree has', checkpoint.replace('\n8\n', '\n9007199254740993\n')],
  [
    'a root of 31 bytes',
    checkpoint.replace('XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=', Buffer.alloc(31).toString('base64')),
  ],
  ['an empty line in its text', checkpoint.replace('\n8\n', '\n8\n\n')],
  [
    '65 signatures',
    signedBy(...Array.from({ length: 64 }, (_, at) => signatureLine(signer(`x${String(at)}`, 1, seed(at)), text))),
  ],
  ['no end', 'x'.repeat(70_000)],
])('a checkpoint with %s cannot be read', async (_, file) => {
  expect(codeOf(await answer(file))).toBe('unreadable');
});

test('bytes that are not UTF-8 cannot be read', () => {
  expect(codeOf(parseNote(Buffer.concat([bytes('a\n\n— b '), Uint8Array.of(0xff), bytes('\n')])))).toBe('unreadable');
});

test('17 and 64 signatures are read, of which those of unknown keys are ignored', async () => {
  for (const count of [17, 64]) {
    const strangers = Array.from({ length: count - 2 }, (_, at) =>
      signatureLine(signer(`x${String(at)}`, 1, seed(at)), text),
    );
    expect(codeOf(await answer(signedBy(...strangers, cosignatureLine(witnesses[0] as Signer, text, time))))).toBe(
      'proven',
    );
  }
});

test('a text with empty lines is divided at the last', async () => {
  const long = 'one\n\ntwo\n';
  const key = signer('example.com/x', 1, seed(7));
  const note = proven(parseNote(bytes(`${long}\n${signatureLine(key, long)}`)));
  expect(note.text).toBe(long);
  expect(await checkSigner(proven(await parseKey(key.line)), note)).toBeUndefined();
});

test('two keys of one name are told apart by their ids', async () => {
  const [first, second] = [signer('bank.example/log', 1, seed(1)), signer('bank.example/log', 1, seed(2))];
  const note = proven(parseNote(bytes(`hello\n\n${signatureLine(second, 'hello\n')}`)));
  expect(codeOf(await checkSigner(proven(await parseKey(second.line)), note))).toBe('proven');
  expect(codeOf(await checkSigner(proven(await parseKey(first.line)), note))).toBe('unsigned');
});

test('while a log changes its key, either signature is enough, and a wrong one is never', async () => {
  const next = signer(log.name, 1, seed(99));
  const both = `log ${logKey}\nlog ${next.line}\nquorum none\n`;
  const ofNext = signatureLine(next, text);
  expect(codeOf(await answer(`${text}\n${ofNext}`, both))).toBe('proven');
  expect(codeOf(await answer(`${text}\n${signatureLine(log, text)}`, both))).toBe('proven');
  const wrong = signatureLine(next, `${text}x\n`);
  expect(codeOf(await answer(`${text}\n${signatureLine(log, text)}${wrong}`, both))).toBe('bad_signature');
});

test('a known key’s second signature has to be right as well', async () => {
  const wrong = signatureLine(log, 'other\n');
  expect(codeOf(await answer(signedBy(wrong, cosignatureLine(witnesses[0] as Signer, text, time))))).toBe(
    'bad_signature',
  );
});

test('every bit of the checkpoint counts: its text, its signature, its cosignature and its time', async () => {
  const whole = bytes(checkpoint);
  const allowed = ['unreadable', 'other_log', 'unsigned', 'bad_signature', 'too_few_witnesses'];
  const read = proven(await parsePolicy(bytes(policy)));
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const copy = Uint8Array.from(whole);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const parsed = parseCheckpoint(copy);
    const result = parsed instanceof Failure ? parsed : await checkSignatures(parsed, read);
    expect(allowed, `bit ${String(bit)}`).toContain(codeOf(result));
  }
});

test.each([
  ['another id', specKey.replace('530d903a', '530d903b')],
  ['an upper-case id', specKey.replace('530d903a', '530D903A')],
  ['no name', specKey.replace('example.com/foo', '')],
  ['a space in the name', specKey.replace('example.com/foo', 'example.com/ foo')],
  ['a key of 31 bytes', `a+00000000+${Buffer.alloc(32, 1).toString('base64')}`],
  ['an unknown kind', `a+00000000+${Buffer.alloc(33, 6).toString('base64')}`],
  ['no key', 'example.com/foo+530d903a'],
])('a key with %s cannot be read', async (_, key) => {
  expect(codeOf(await parseKey(key))).toBe('unreadable');
});

test('the specification’s note is not signed by another key', async () => {
  const other = proven(await parseKey(signer('example.com/foo', 1, seed(3)).line));
  expect(codeOf(await checkSigner(other, proven(parseNote(bytes(specNote)))))).toBe('unsigned');
});

const head = `log ${logKey} https://bank.example/log\n${witnesses.map(({ line }, at) => `witness w${String(at + 1)} ${line}\n`).join('')}`;

test.each([
  ['w1', ['w1'], ['w2', 'w3', 'w4']],
  ['g any w1 w2', ['w2'], ['w3', 'w4']],
  ['g all w1 w2 w3', ['w1', 'w2', 'w3'], ['w1', 'w2', 'w4']],
  ['g 2 w1 w2 w3', ['w1', 'w3'], ['w2', 'w4']],
  ['none', [], undefined],
] as const)('a quorum "%s" is met by %j and not by %j', async (rule, enough, tooFew) => {
  const group = rule.startsWith('g ') ? `group ${rule}\nquorum g\n` : `quorum ${rule}\n`;
  const cosigned = (names: readonly string[]): string =>
    signedBy(...names.map((name) => cosignatureLine(witnesses[Number(name.slice(1)) - 1] as Signer, text, time)));
  expect(codeOf(await answer(cosigned(enough), head + group))).toBe('proven');
  if (tooFew === undefined) return;
  expect(codeOf(await answer(cosigned(tooFew), head + group))).toBe('too_few_witnesses');
});

test('groups of groups, with comments, tabs and empty lines, count their members that are met', async () => {
  const text = `# ours\n${head}\n\tgroup  inner any\tw1 w2\n group outer 2 inner w3 w4 \nquorum outer\n`;
  const read = proven(await parsePolicy(bytes(text)));
  expect(isQuorum(read, new Set(['w2', 'w3']))).toBe(true);
  expect(isQuorum(read, new Set(['w1', 'w2']))).toBe(false);
});

test('32 logs, witnesses and groups are read', async () => {
  const lines = Array.from({ length: 32 }, (_, at) => {
    const [one, two] = [signer(`log${String(at)}`, 1, seed(at)), signer(`w${String(at)}`, 4, seed(at + 64))];
    return `log ${one.line}\nwitness w${String(at)} ${two.line}\ngroup g${String(at)} any w${String(at)}\n`;
  });
  expect(codeOf(await parsePolicy(bytes(`${lines.join('')}quorum g31\n`)))).toBe('proven');
});

test.each([
  ['no quorum', head, 'has no line "quorum"'],
  ['two quorums', `${head}quorum w1\nquorum w2\n`, 'a quorum already'],
  ['no log', `witness w1 ${witnessKey}\nquorum w1\n`, 'names no log'],
  ['a log twice', `${head}log ${logKey}\nquorum w1\n`, 'twice'],
  ['an unknown word', `${head}qurum w1\n`, 'none of log, witness'],
  ['a name used before it is defined', `${head}group g any h\ngroup h any w1\nquorum g\n`, 'not defined before'],
  ['a member of two groups', `${head}group g any w1\ngroup h any w1\nquorum g\n`, 'a member of a group already'],
  ['a group of too few', `${head}group g 3 w1 w2\nquorum g\n`, 'neither any, all nor'],
  ['a group of none', `${head}group g 0 w1 w2\nquorum g\n`, 'neither any, all nor'],
  ['a name twice', `${head}group w1 any w2\nquorum w1\n`, 'is taken'],
  ['one witness under two names', `${head}witness w5 ${witnessKey}\nquorum w1\n`, 'under another name'],
  ['a witness’s key for a log', `log ${witnessKey}\nquorum none\n`, 'is a witness'],
  ['a log’s key for a witness', `log ${logKey}\nwitness w1 ${logKey}\nquorum w1\n`, 'not one for cosignatures'],
  ['CRLF', policy.replaceAll('\n', '\r\n'), 'a control character'],
  ['a word too many', `${head}quorum w1 w2\n`, 'one name'],
])('a policy with %s cannot be read, and says why', async (_, text, why) => {
  const result = await parsePolicy(bytes(text));
  expect(codeOf(result)).toBe('unreadable');
  expect(detailOf(result)).toContain(why);
});
