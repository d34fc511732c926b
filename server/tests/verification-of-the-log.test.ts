/** The verification compares the journal with the signed log: what was rewritten, cut or exchanged is named, also where the whole log was made anew. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { hash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { beginVerification, readVerification } from '../../api/src/calls/verification.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { postgresJournal } from '../../ledger/src/journal/postgres-journal.ts';
import { cosign, signCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { entryOf } from '../../ledger/src/transparency/entry.ts';
import { noteText, signingKey, vkeyOf } from '../../ledger/src/transparency/note.ts';
import { emptyEdge, grow, rootOfEdge } from '../../ledger/src/transparency/tiles.ts';
import { leafHash } from '../../ledger/src/transparency/tree.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import type { Difference } from '../src/audit/difference.ts';
import { eventHashing } from '../src/audit/event-hashes.ts';
import { readOutsideLog, rememberLog } from '../src/audit/outside-log.ts';
import { verifyBank } from '../src/audit/verify.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import { bankKey, startSigner } from './support/signer.ts';
import { deposit } from '../../api/src/calls/money.ts';

let bank: Bank;
let journal: Journal;
/** One connection: what it has not committed is verified, too. */
let bankAlone: pg.Pool;
let size: number;
let witness: Server;
/** What the witness says it cosigned last; undefined: nothing. */
let atWitness: string | undefined;
const witnessKey = signingKey('w.example/witness', 0x04, Buffer.alloc(32, 3));
const otherKey = signingKey(bankKey.name, 0x01, Buffer.alloc(32, 8));

const cosigned = (note: string): string => {
  const [text = ''] = note.split('\n\n');
  return `${note}${noteText({ text: '', signatures: [cosign(witnessKey, `${text}\n`, 1_790_000_000)] }).slice(1)}`;
};

/** More events than a tile has, so that there are two levels. */
beforeAll(async () => {
  bank = await openBank();
  bankAlone = new pg.Pool({ connectionString: bank.databaseUrl, max: 1, idleTimeoutMillis: 0 });
  journal = postgresJournal({ pool: bankAlone });
  const { token } = await bank.customer();
  for (let n = 0; n < 27; n++) {
    const one = () => bank.client.call(deposit, { token, body: { amount: '1', pin: person.pin } });
    await Promise.all(Array.from({ length: 10 }, one));
  }
  const signer = startSigner(bank);
  size = await signer.signedAll();
  await signer.stop();
  const isProjected = async (): Promise<boolean> =>
    (await bank.database.query('select from read.checkpoint where position = $1', [size])).rowCount === 1;
  await vi.waitUntil(isProjected, { timeout: 30_000 });
  witness = createServer((request, response) => {
    const isAsked = request.url === `/${hash('sha256', bankKey.name)}/checkpoint`;
    response.statusCode = isAsked && atWitness !== undefined ? 200 : 404;
    response.end(atWitness);
  }).listen(0, '127.0.0.1');
  await once(witness, 'listening');
});
afterAll(async () => {
  witness.close();
  await bankAlone.end();
  await bank.close();
});

const settings = () => ({ stateDir: bank.stateDir, policyFile: undefined, vkey: undefined as string | undefined });

async function verify(changed: { readonly vkey?: string } = {}) {
  const { signal } = new AbortController();
  const { rows } = await bankAlone.query<{ position: string }>('select position from read.checkpoint');
  return verifyBank(
    {
      ...{ journal, reader: bankAlone, hashEvents: eventHashing(bank.macKey) },
      vault: postgresVault({ pool: bankAlone, masterKeys: bank.masterKeys }),
      outside: await readOutsideLog({ ...settings(), ...changed }, signal),
    },
    Number(rows[0]?.position),
    { onProgress: () => Promise.resolve(), signal },
  );
}

/** As the owner of the database can, with triggers off, in a transaction that is taken back. */
async function tampered(sql: string, check: () => Promise<void>): Promise<void> {
  await bankAlone.query('begin');
  try {
    await bankAlone.query(`set local session_replication_role = 'replica'; ${sql}`);
    await check();
  } finally {
    await bankAlone.query('rollback');
  }
}

const ofLog = async (options?: Parameters<typeof verify>[0]): Promise<readonly Difference[]> =>
  (await verify(options)).differences.filter(({ table }) => table === 'log');

/** The tree over the journal as it is, signed and stored as the signer does. */
async function signAnew(key: typeof bankKey): Promise<string> {
  const events = await journal.read({ from: 1, limit: 1_000 });
  const { edge, tiles } = grow(
    emptyEdge,
    events.map((event) => leafHash(entryOf(event))),
  );
  const note = noteText(signCheckpoint(key, { origin: key.name, size: edge.size, root: rootOfEdge(edge) }));
  const rows = tiles.map(
    ({ level, index, hashes }) => `(${String(level)}, ${String(index)}, '\\x${hashes.toString('hex')}')`,
  );
  return `truncate log.tiles; insert into log.tiles values ${rows.join(', ')};
    update log.checkpoint set size = ${String(edge.size)}, vkey = '${vkeyOf(key)}', note = '${note}'`;
}

test('a log in order has no difference, and says how much of the journal it covers', async () => {
  expect(await verify()).toMatchObject({
    ...{ is: 'complete', differences: [], log: { signed: size, witnessesAsked: 0 } },
    seen: { vkey: vkeyOf(bankKey), size },
  });
});

test.each<[string, () => string, Partial<Difference>]>([
  [
    'a byte of an event',
    () => `update journal.events set data = replace(data, '"100"', '"101"') where position = 5`,
    { key: 'event 5', column: 'tile 0/0' },
  ],
  [
    'an event’s id',
    () => `update journal.events set id = gen_random_uuid() where position = 260`,
    { key: 'event 260', column: 'tile 0/1' },
  ],
  [
    'its metadata',
    () => `update journal.events set metadata = replace(metadata, 'Z"', '1Z"') where position = 7`,
    { key: 'event 7' },
  ],
  [
    'a hash of a lowest tile',
    () => `update log.tiles set hashes = set_byte(hashes, 33, get_byte(hashes, 33) # 1) where level = 0 and index = 0`,
    { key: 'event 2', column: 'tile 0/0' },
  ],
  [
    'a hash of a higher tile',
    () => `update log.tiles set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where level = 1`,
    { key: 'tile 1/0', column: 'hash 0' },
  ],
  ['a missing tile', () => `delete from log.tiles where level = 1`, { key: 'tile 1/0', journal: '1 hashes' }],
  [
    'a shortened tile',
    () => `update log.tiles set hashes = substring(hashes for 32) where level = 0 and index = 1`,
    { key: 'tile 0/1', readModel: '1 hashes' },
  ],
  [
    'a tile that is too long',
    () => `update log.tiles set hashes = hashes || substring(hashes for 32) where level = 1`,
    { key: 'tile 1/0', readModel: 'reaches to event 512' },
  ],
  [
    'a tile too many',
    () => `insert into log.tiles select 3, 9, hashes from log.tiles where level = 1`,
    { key: 'tile 3/9' },
  ],
  ['another note', () => `update log.checkpoint set note = note || 'x'`, { key: 'checkpoint', column: 'note' }],
  ['another size', () => `update log.checkpoint set size = size - 1`, { key: 'checkpoint', column: 'size' }],
  ['another origin', () => `update log.checkpoint set origin = 'x'`, { key: 'checkpoint', column: 'origin' }],
  [
    'a cosigned size without a note',
    () => `update log.checkpoint set cosigned_size = 1`,
    { key: 'cosigned checkpoint', readModel: 'is there in part' },
  ],
  [
    'another key',
    () => `update log.checkpoint set vkey = '${vkeyOf(otherKey)}'`,
    { key: 'checkpoint', column: 'note' },
  ],
  [
    'no checkpoint, though there are tiles',
    () => `delete from log.checkpoint`,
    { key: 'checkpoint', readModel: 'is missing' },
  ],
  [
    'a journal without its end',
    () => `delete from journal.events where position > 265`,
    { key: 'checkpoint', column: 'size', journal: 'ends after event 265' },
  ],
  [
    'a journal with a hole',
    () => `delete from journal.events where position = 100`,
    { key: 'event 100', column: 'tile 0/0' },
  ],
])('%s is named', async (_what, sql, expected) => {
  await tampered(sql(), async () => {
    expect(await ofLog()).toContainEqual(expect.objectContaining(expected));
  });
  expect(await ofLog()).toEqual([]);
});

test('one altered event is named once, and the root that was signed is another one', async () => {
  await tampered(`update journal.events set type = type || 'x' where position = 5`, async () => {
    expect((await ofLog()).map(({ key, column }) => [key, column])).toEqual([
      ['event 5', 'tile 0/0'],
      ['checkpoint', 'root'],
    ]);
  });
});

test('a rewritten journal with tiles that fit it has not the root that was signed', async () => {
  await tampered(
    `update journal.events set metadata = replace(metadata, 'Z"', '1Z"') where position > 200`,
    async () => {
      const anew = await signAnew(bankKey);
      await bankAlone.query(anew.replace(/;\s*update log.checkpoint[^]*/, ''));
      expect(await ofLog()).toMatchObject([{ key: 'checkpoint', column: 'root' }]);
    },
  );
});

test('a whole log made anew, under another key or under the same, is found by what is outside the database', async () => {
  const anew = await signAnew(otherKey);
  await tampered(anew, async () => {
    // Nothing outside: only what nobody can know.
    expect(await ofLog()).toEqual([]);
    expect(await ofLog({ vkey: vkeyOf(bankKey) })).toContainEqual(
      expect.objectContaining({ key: 'checkpoint', column: 'vkey' }),
    );
  });
  const { seen } = await verify();
  await rememberLog(bank.stateDir, seen ?? expect.fail('a log in order'));
  try {
    await tampered(anew, async () => {
      expect(await ofLog()).toContainEqual(expect.objectContaining({ key: 'checkpoint', column: 'vkey' }));
    });
    await tampered(`delete from journal.events where position > 265`, async () => {
      await bankAlone.query(await signAnew(bankKey));
      // Signed by whoever has the key: an earlier state, put back.
      expect(await ofLog()).toContainEqual(
        expect.objectContaining({ key: 'checkpoint', column: 'size', journal: `was ${String(size)} before` }),
      );
    });
    await tampered(`truncate log.tiles, log.checkpoint`, async () => {
      expect(await ofLog()).toContainEqual(expect.objectContaining({ key: 'checkpoint' }));
    });
  } finally {
    rmSync(join(bank.stateDir, 'log-seen.json'));
  }
});

test('witnesses tell what they cosigned, and one that is away is counted', async () => {
  const url = `http://127.0.0.1:${String((witness.address() as AddressInfo).port)}`;
  const policy = join(bank.stateDir, 'log-policy');
  writeFileSync(policy, `log ${vkeyOf(bankKey)}\nwitness w ${vkeyOf(witnessKey)} ${url}\nquorum w\n`);
  const key = { vkey: vkeyOf(bankKey) };
  const { rows } = await bank.database.query<{ note: string }>('select note from log.checkpoint');
  const note = rows[0]?.note ?? '';
  try {
    atWitness = cosigned(note);
    expect(await verify(key)).toMatchObject({ differences: [], log: { witnessesAsked: 1, witnessesAnswered: 1 } });
    // The same key and a consistent new history: the witness has another root.
    await tampered(
      `update journal.events set metadata = replace(metadata, 'Z"', '1Z"') where position > 200`,
      async () => {
        await bankAlone.query(await signAnew(bankKey));
        expect(await ofLog(key)).toMatchObject([{ key: 'checkpoint at witness w', column: 'root' }]);
      },
    );
    atWitness = note;
    expect(await ofLog(key)).toMatchObject([{ key: 'checkpoint at witness w' }]);
    atWitness = undefined;
    const cosignedRow = `update log.checkpoint set cosigned_size = size, cosigned_at = now(), cosigned_note =`;
    await tampered(`${cosignedRow} '${cosigned(note)}'`, async () => {
      expect(await ofLog(key)).toMatchObject([
        { key: 'checkpoint at witness w', readModel: expect.stringContaining('missing') as string },
      ]);
    });
    await tampered(`${cosignedRow} note`, async () => {
      expect(await ofLog(key)).toMatchObject([{ key: 'cosigned checkpoint', column: 'note' }]);
    });
    writeFileSync(policy, readFileSync(policy, 'utf8').replace(url, 'http://127.0.0.1:1'));
    expect(await verify(key)).toMatchObject({ differences: [], log: { witnessesAsked: 1, witnessesAnswered: 0 } });
  } finally {
    rmSync(policy);
  }
});

test('through the bank: the result says what was signed, and the next one compares with what this one saw', async () => {
  const token = await bank.staff('auditor');
  const run = async () => {
    const { id } = (await bank.client.call(beginVerification, { token })).body;
    const find = async () => (await bank.client.call(readVerification, { token, params: { id: String(id) } })).body;
    await expect.poll(async () => (await find()).state, { timeout: 30_000 }).not.toBe('running');
    return find();
  };
  expect(await run()).toMatchObject({ state: 'passed', log: { signed: size } });
  await bank.database.query('update log.checkpoint set vkey = $1', [vkeyOf(otherKey)]);
  expect(await run()).toMatchObject({
    ...{ state: 'differs', differences: [{ table: 'log', key: 'checkpoint', column: 'vkey' }] },
  });
  await bank.database.query('update log.checkpoint set vkey = $1', [vkeyOf(bankKey)]);
});

test('a bank without a log says nothing of one', async () => {
  await tampered('truncate log.tiles, log.checkpoint', async () => {
    rmSync(join(bank.stateDir, 'log-seen.json'));
    const found = await verify();
    expect(found.differences).toEqual([]);
    expect(found).not.toHaveProperty('log');
  });
});
