/** A whole exported log in tiles: proven as it is, and each thing that can be changed in it is found and named. */
import { expect, test } from 'vitest';
import { Failure, checkGrowth, checkLog, parseCheckpoint, parsePolicy } from '../src/index.js';
import type { LogReport } from '../src/log.js';
import type { Policy } from '../src/policy.js';
import type { Read } from '../src/tiles.js';
import { policyText, signedCheckpoint } from './bank.ts';
import { rootOf, sha256 } from './build.ts';
import { entryFrom, filesOf, journalOf } from './journal.ts';

const hash = (bytes: Uint8Array): Buffer => sha256(bytes);
const policy = (await parsePolicy(new TextEncoder().encode(policyText))) as Policy;
const events = journalOf(1100);
const files = filesOf(events);

const readFrom =
  (some: ReadonlyMap<string, Uint8Array>): Read =>
  (path) =>
    Promise.resolve(some.get(path));

async function check(some: ReadonlyMap<string, Uint8Array>, hashesOnly = false): Promise<LogReport> {
  const report = await checkLog({ read: readFrom(some), policy, hashesOnly, sha256: hash });
  if (report instanceof Failure) throw new Error(report.detail);
  return report;
}
const details = async (some: ReadonlyMap<string, Uint8Array>): Promise<readonly string[]> =>
  (await check(some)).findings.map(({ detail }) => detail);
const changed = (path: string, change: (bytes: Buffer) => Uint8Array): ReadonlyMap<string, Uint8Array> =>
  new Map(files).set(path, change(Buffer.from(files.get(path) ?? Buffer.alloc(0))));
const without = (path: string): ReadonlyMap<string, Uint8Array> =>
  new Map([...files].filter(([name]) => name !== path));

test('a log of 1,100 events is proven, with its accounts and postings', async () => {
  const seen: number[] = [];
  const report = await checkLog({
    ...{ read: readFrom(files), policy, hashesOnly: false, sha256: hash },
    onProgress: (checked) => seen.push(checked),
  });
  expect(report).toMatchObject({ size: 1100, eventCount: 1100, accountCount: 11, postingCount: 2198, findingCount: 0 });
  expect(seen).toEqual([256, 512, 768, 1024, 1100]);
});

test.each([0, 1, 2, 255, 256, 257, 512, 1000])('a log of %i entries is proven', async (size) => {
  expect(await check(filesOf(events.slice(0, size)))).toMatchObject({ size, eventCount: size, findings: [] });
});

test('a full tile stands in for a partial one that was dropped', async () => {
  const before = filesOf(events.slice(0, 1000));
  const some = new Map(files);
  for (const path of ['checkpoint', 'tile/1/000.p/3']) some.set(path, before.get(path) as Uint8Array);
  expect((await check(some)).findings).toEqual([]);
});

test('the public form, with hashes alone, is proven without entries and events', async () => {
  const some = new Map([...files].filter(([path]) => !/entries|events/.test(path)));
  expect(await check(some, true)).toMatchObject({ findings: [], eventCount: 0 });
  expect((await check(some)).findingCount).toBeGreaterThan(0);
});

test('a changed byte of an event is found, with its position', async () => {
  const found = await details(changed('tile/events/001', (bytes) => replace(bytes, '"amount":"-', '"amount":"+')));
  expect(found).toEqual([
    'The event at position 257 is not the one that its entry commits to.',
    'The event at position 257: its postings are not two, of account, amount, version and balance.',
    expect.stringMatching(/^The event at position \d+: account .* goes from version/),
    expect.stringMatching(/^The event at position \d+: account .* had/),
    expect.stringMatching(/^The event at position \d+: account .* goes from version/),
    expect.stringMatching(/^The event at position \d+: account .* had/),
  ]);
});

test('a changed actor, time or id is found', async () => {
  for (const [from, to] of [
    ['"actor":"session', '"actor":"sessiom'],
    ['2026-12-01T', '2026-12-02T'],
    ['00000000-0000-4000', '00000000-0000-4001'],
  ] as const) {
    expect(await details(changed('tile/events/002', (bytes) => replace(bytes, from, to)))).toEqual([
      'The event at position 513 is not the one that its entry commits to.',
    ]);
  }
});

test('an event changed together with its entry is found by tiles and root', async () => {
  const forged = events.with(600, (events[600] ?? '').replace('"terminal":"T1"', '"terminal":"T2"'));
  const some = new Map(files);
  const made = filesOf(forged);
  for (const path of ['tile/events/002', 'tile/entries/002']) some.set(path, made.get(path) as Uint8Array);
  expect(await details(some)).toEqual([
    'Tile 2 of level 0 differs from its entries at position 601.',
    'Tile 0 of level 1 differs from its entries in its hash 3.',
    'The 1100 entries do not have the root that the checkpoint signs.',
  ]);
});

test('a history rewritten whole, signed by nobody, is found by its checkpoint', async () => {
  const forged = filesOf(events.with(3, (events[3] ?? '').replace('"terminal":"T1"', '"terminal":"T2"')));
  const some = new Map(forged).set('checkpoint', files.get('checkpoint') as Uint8Array);
  expect(await details(some)).toEqual(['The 1100 entries do not have the root that the checkpoint signs.']);
});

test('a history that is consistent in its hashes and wrong in its sums is found by the sums', async () => {
  const wrong = journalOf(300).map((event, at) =>
    at === 250 ? event.replace(/"balance":"(-?)/, '"balance":"$19') : event,
  );
  const found = await details(filesOf(wrong));
  expect(found[0]).toMatch(/^The event at position 251: account \S+ had -?\d+, -?\d+ was added, and it has /);
  const sum = journalOf(20).map((event, at) => (at === 10 ? event.replace(/"amount":"(-?)/, '"amount":"$19') : event));
  expect((await details(filesOf(sum))).some((detail) => detail.includes('not to 0'))).toBe(true);
});

test('what is cut off or missing is named, and what can still be checked is checked', async () => {
  const noEvents = await details(without('tile/events/003'));
  expect(noEvents[0]).toBe('The bundle of events of positions 769 to 1024 is missing or damaged.');
  const noEntries = await details(without('tile/entries/003'));
  expect(noEntries).toEqual([
    'The bundle of entries of positions 769 to 1024 is missing or damaged.',
    'The root could not be computed, because a bundle is missing: the checkpoint is not proven.',
  ]);
  expect(await details(without('tile/1/000.p/4'))).toEqual(['Tile 0 of level 1 is missing.']);
  expect((await details(changed('tile/entries/004.p/76', (bytes) => bytes.subarray(0, -1))))[0]).toContain(
    '1025 to 1100',
  );
});

test('two events that changed places are found', async () => {
  const forged = events.with(700, events[701] ?? '').with(701, events[700] ?? '');
  const found = await details(
    new Map(files).set('tile/events/002', filesOf(forged).get('tile/events/002') as Uint8Array),
  );
  expect(found).toContain('The event at position 701 says that it is at 702.');
});

test('a checkpoint that the policy does not know is a finding, and the rest is checked all the same', async () => {
  const other = (await parsePolicy(new TextEncoder().encode(policyText.replace('quorum w1', 'quorum none')))) as Policy;
  const some = changed('checkpoint', (bytes) => Buffer.from(bytes.toString().replace(/\n— witness.*/, '')));
  expect((await check(some)).findings).toEqual([
    { code: 'too_few_witnesses', detail: 'The policy asks for w1; cosigned by nobody.' },
  ]);
  expect(await checkLog({ read: readFrom(some), policy: other, hashesOnly: false })).toMatchObject({ findings: [] });
});

test('of any number of faults the first hundred are kept, and all are counted', async () => {
  const some = new Map([...files].filter(([path]) => !path.startsWith('tile/0')));
  const wrong = journalOf(1100).map((event) => event.replace('"amount":"', '"amount":"0'));
  for (const [path, content] of filesOf(wrong)) if (path.startsWith('tile/events')) some.set(path, content);
  const { findings, findingCount } = await check(some);
  expect(findings).toHaveLength(100);
  expect(findingCount).toBeGreaterThan(2000);
});

const checkpointAt = (size: number, some = events): NonNullable<ReturnType<typeof parseCheckpoint>> =>
  parseCheckpoint(Buffer.from(signedCheckpoint(size, rootOf(some.slice(0, size).map(entryFrom)))));

test('a later checkpoint goes on from every earlier one, by the tiles alone', async () => {
  const newer = checkpointAt(1100);
  if (newer instanceof Failure) throw new Error(newer.detail);
  for (const size of [0, 1, 2, 3, 255, 256, 257, 511, 512, 700, 768, 1023, 1024, 1025, 1099, 1100]) {
    const older = checkpointAt(size);
    if (older instanceof Failure) throw new Error(older.detail);
    expect(await checkGrowth(older, newer, readFrom(files), hash), String(size)).toBeUndefined();
  }
});

test('a checkpoint of another history, and one that is shorter, are not gone on from', async () => {
  const forged = events.with(3, (events[3] ?? '').replace('"terminal":"T1"', '"terminal":"T2"'));
  const [older, newer, other] = [checkpointAt(700), checkpointAt(1100), checkpointAt(700, forged)];
  if (older instanceof Failure || newer instanceof Failure || other instanceof Failure) throw new Error('unreadable');
  expect(await checkGrowth(other, newer, readFrom(files), hash)).toMatchObject({ code: 'not_consistent' });
  expect(await checkGrowth(newer, older, readFrom(files), hash)).toMatchObject({ code: 'not_consistent' });
  expect(await checkGrowth(older, newer, readFrom(without('tile/0/002')), hash)).toMatchObject({ code: 'incomplete' });
});

/** The first occurrence. */
function replace(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
}
