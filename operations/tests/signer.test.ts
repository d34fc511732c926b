/** The signer on a real PostgreSQL: it signs every event once, goes on where it was, and signs nothing that contradicts what it signed. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readTiles } from '../../ledger/src/transparency/log-tables.ts';
import { hashesOfRanges, tilesOfRanges } from '../../ledger/src/transparency/tiles.ts';
import { inclusionRanges, isIncluded, leafHash } from '../../ledger/src/transparency/tree.ts';
import { entryOf } from '../../ledger/src/transparency/entry.ts';
import { noteText, signingKey } from '../../ledger/src/transparency/note.ts';
import { openCheckpoint, signCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { beginLog, continueLog } from '../src/signer/restart-log.ts';
import { SigningStopped } from '../src/signer/resume.ts';
import type { SignedJournal } from './signed-journal.ts';
import { logKey, opened, signedJournal } from './signed-journal.ts';

let bank: SignedJournal;
beforeEach(async () => {
  bank = await signedJournal();
});
afterEach(() => bank.close());

const sizePublished = async (): Promise<number> => (await bank.published())?.size ?? 0;
const signedUpTo = (size: number) => expect.poll(sizePublished).toBe(size);

/** Signed up to here, and the signer has ended. */
async function signed(count: number): Promise<void> {
  await bank.append(count);
  const signer = bank.start();
  await signedUpTo(await bank.journal.head());
  await signer.stop();
}

test('signs what is written, goes on after a stop, and every event can be proven from the tiles', async () => {
  await signed(300);
  await bank.append(1);
  await bank.append(700);
  const second = bank.start();
  await signedUpTo(1001);
  await bank.append(2);
  await signedUpTo(1003);
  await second.stop();
  const published = await bank.published();
  const checkpoint = opened(published?.note) ?? expect.fail('a checkpoint');
  expect(checkpoint.root).toEqual(await bank.rootAt(1003));
  expect(readFileSync(bank.signedFile, 'utf8')).toBe(published?.note);
  for (const index of [0, 255, 256, 511, 1000, 1002]) {
    const ranges = inclusionRanges(index, 1003);
    const hashes = hashesOfRanges(ranges, await readTiles(bank.owner, tilesOfRanges(ranges)));
    const [event] = await bank.journal.read({ from: index + 1, limit: 1 });
    const hash = leafHash(entryOf(event ?? expect.fail('an event')));
    expect(isIncluded({ index, hash }, checkpoint, hashes ?? [])).toBe(true);
  }
});

test('one signs, another stands by and takes over', async () => {
  const states: string[] = [];
  const first = bank.start({ onLock: (state) => states.push(`first ${state}`) });
  await expect.poll(() => states).toEqual(['first working']);
  const second = bank.start({ onLock: (state) => states.push(`second ${state}`) });
  await expect.poll(() => states).toContain('second standing by');
  await bank.append(3);
  await signedUpTo(3);
  await first.stop();
  await expect.poll(() => states).toContain('second working');
  await bank.append(3);
  await signedUpTo(6);
  await second.stop();
});

test('goes on after its connections are ended by force', async () => {
  await bank.append(10);
  const signer = bank.start();
  await signedUpTo(10);
  await bank.owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'grand-livre-signer'
     and datname = current_database()`,
  );
  await bank.append(10);
  await signedUpTo(20);
  await signer.stop();
});

test('what was signed before a crash and reached nobody is published by the next', async () => {
  await signed(10);
  await bank.append(10);
  // Ends between signing and publishing, as a crash does.
  const crashing = bank.start({
    cosign: (_client, _note, _size, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('ended'));
        });
      }),
  });
  await expect.poll(() => opened(readFileSync(bank.signedFile, 'utf8'))?.size).toBe(20);
  await crashing.stop();
  expect(await sizePublished()).toBe(10);
  await bank.append(5);
  const signer = bank.start();
  await signedUpTo(25);
  expect(opened((await bank.published())?.note)?.root).toEqual(await bank.rootAt(25));
  await signer.stop();
});

describe('it signs nothing more', () => {
  const cases: readonly [string, (one: SignedJournal) => Promise<unknown>, RegExp][] = [
    ['when the journal was cut', (one) => one.tamper('delete from journal.events where position > 290'), /ends at 290/],
    [
      'when its newest event is another one',
      (one) => one.tamper(`update journal.events set data = '{"account":"1","reason":"x"}' where position = 300`),
      /are not those/,
    ],
    [
      'when a tile of the right edge was altered',
      (one) =>
        one.tamper(
          `update log.tiles set hashes = set_byte(hashes, 0, 1 - sign(get_byte(hashes, 0))::int) where index = 1`,
        ),
      /tiles of 300 events/,
    ],
    ['when a tile was deleted', (one) => one.tamper('delete from log.tiles where index = 1'), /tiles of 300 events/],
    [
      'when the note in the database was exchanged',
      (one) => one.tamper(`update log.checkpoint set note = 'x'`),
      /checkpoint in the database/,
    ],
    [
      'when journal and log were both put back to an earlier state',
      (one) =>
        one.tamper(
          `delete from log.tiles; update log.checkpoint set size = 0, note = null; delete from journal.events where position > 100`,
        ),
      /ends at 100, but a checkpoint of 300/,
    ],
    [
      'when journal and log were put back, and other events were written since',
      async (one) => {
        await one.tamper(
          `delete from log.tiles; update log.checkpoint set size = 0, note = null; delete from journal.events where position > 299`,
        );
        await one.append(2);
      },
      /are not those/,
    ],
  ];
  test.each(cases)('%s', async (_name, tamper, reason) => {
    await signed(300);
    await tamper(bank);
    const before = readFileSync(bank.signedFile, 'utf8');
    const failure = await bank.start().ended;
    expect(failure).toBeInstanceOf(SigningStopped);
    expect(String(failure)).toMatch(reason);
    expect((await bank.published())?.stopped).toMatch(reason);
    expect(readFileSync(bank.signedFile, 'utf8')).toBe(before);
  });

  test('when its memory is missing, as after a restore, until it is told up to where it signed', async () => {
    await signed(10);
    const kept = (await bank.published())?.note ?? '';
    rmSync(bank.signedFile);
    expect(String(await bank.start().ended)).toMatch(/signed up to 10 at least, and .* is missing: npm run signing/);
    const other = signingKey(logKey.name, 0x01, Buffer.alloc(32, 2));
    await expect(continueLog(other, bank.signedFile, kept)).rejects.toThrow(/no checkpoint of bank\.example/);
    expect(await continueLog(logKey, bank.signedFile, kept)).toBe(10);
    await expect(continueLog(logKey, bank.signedFile, kept)).rejects.toThrow(/remembers a checkpoint of 10/);
    await bank.append(5);
    const signer = bank.start();
    await signedUpTo(15);
    await signer.stop();
    expect((await bank.published())?.stopped).toBeNull();
  });

  test('when a checkpoint that somebody kept is beyond what was restored', async () => {
    await signed(20);
    const kept = (await bank.published())?.note ?? '';
    // What a backup brings back: journal and log as they were, and no memory.
    await bank.tamper(
      `delete from log.tiles; update log.checkpoint set size = 0, note = null; delete from journal.events where position > 12`,
    );
    rmSync(bank.signedFile);
    await continueLog(logKey, bank.signedFile, kept);
    expect(String(await bank.start().ended)).toMatch(/ends at 12, but a checkpoint of 20 events was signed/);
    // Events are lost: this log is over, another one begins.
    const client = await bank.owner.connect();
    await expect(beginLog(client, logKey, bank.signedFile)).rejects.toThrow(/needs another name/);
    const second = signingKey('bank.example/log-2', 0x01, Buffer.alloc(32, 1));
    expect(await beginLog(client, second, bank.signedFile)).toEqual({ origin: 'bank.example/log', size: 0 });
    client.release();
    const signer = bank.start({ key: second });
    await signedUpTo(12);
    await signer.stop();
    expect(openCheckpoint((await bank.published())?.note ?? '', second)?.size).toBe(12);
  });

  test('under another key, name or file', async () => {
    await signed(3);
    const other = signingKey(logKey.name, 0x01, Buffer.alloc(32, 2));
    expect(String(await bank.start({ key: other }).ended)).toMatch(/bring back the file of the signing key/);
    const renamed = signingKey('elsewhere', 0x01, Buffer.alloc(32, 1));
    expect(String(await bank.start({ key: renamed }).ended)).toMatch(/LOG_ORIGIN/);
    const foreign = signCheckpoint(other, { origin: other.name, size: 3, root: await bank.rootAt(3) });
    writeFileSync(bank.signedFile, noteText(foreign));
    expect(String(await bank.start().ended)).toMatch(/holds no checkpoint/);
    rmSync(bank.signedFile);
  });
});

test('tiles are never shortened, altered or deleted by the signer’s own role', async () => {
  await signed(3);
  for (const sql of [
    'delete from log.tiles',
    'truncate log.tiles',
    `update log.tiles set hashes = substring(hashes for 32)`,
    `update log.tiles set index = 9`,
    'delete from log.checkpoint',
    'insert into journal.events (position, id, type, data, metadata) values (9, gen_random_uuid(), $$x$$, $$x$$, $$x$$)',
    'select from vault.customer_keys',
    'select from read.accounts',
  ]) {
    const client = await bank.owner.connect();
    await client.query('set role grandlivre_signer');
    await expect(client.query(sql), sql).rejects.toThrow(/permission denied|tiles only grow/);
    client.release(true);
  }
  const client = await bank.owner.connect();
  await client.query('set role grandlivre_server');
  await client.query('select from log.tiles, log.checkpoint');
  await expect(client.query('update log.checkpoint set size = 9')).rejects.toThrow(/permission denied/);
  client.release(true);
});
