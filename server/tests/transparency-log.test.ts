/** The transparency log over HTTPS: what anybody may read of it is what was published, by its exact names, and no more. */
import { Agent, request } from 'undici';
import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as contract from '../../api/src/calls/log.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import type { JournalEvent } from '../../ledger/src/journal/journal.ts';
import { openCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { entryOf, eventText } from '../../ledger/src/transparency/entry.ts';
import { emptyEdge, grow, rootOfEdge, tilePath } from '../../ledger/src/transparency/tiles.ts';
import { leafHash } from '../../ledger/src/transparency/tree.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';
import type { TestSigner } from './support/signer.ts';
import { bankKey, startSigner } from './support/signer.ts';

let bank: Bank;
let signer: TestSigner;
let agent: Agent;
let auditor: string;
let events: readonly JournalEvent[];
const size = 300;
beforeAll(async () => {
  // Whoever reads the log has no terminal's certificate.
  bank = await openBank({ terminals: 'required' });
  agent = new Agent({ connect: { ca: bank.authority.ca } });
  auditor = await bank.staff('auditor');
  const journal = openJournal(bank.eventLog, bank.database);
  const added = Array.from({ length: size }, (_none, n) => ({
    ...{ id: randomUUID(), type: 'AccountFrozen', data: JSON.stringify({ account: String(n + 1), reason: 'é' }) },
    metadata: JSON.stringify({ commandId: randomUUID(), recordedAt: '2026-12-01T09:00:00.000Z' }),
  }));
  await journal.append(added, { after: 0 });
  events = await journal.read({ from: 1, limit: size });
  signer = startSigner(bank);
  await signer.signedAll();
  await signer.stop();
  // A row of tiles is ahead of the checkpoint while a signer works.
  await bank.database.query(
    `update log.tiles set hashes = hashes || decode(repeat('ab', 32), 'hex') where level = 0 and index = 1`,
  );
});
afterAll(async () => {
  await agent.close();
  await bank.close();
});

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
};

/** The path goes out exactly as it is written here. */
async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const reply = await request(bank.client.origin + path, { dispatcher: agent, headers });
  return {
    ...{ status: reply.statusCode, headers: reply.headers },
    bytes: Buffer.from(await reply.body.arrayBuffer()),
  };
}

const leaves = (): readonly Buffer[] => events.map((event) => leafHash(entryOf(event)));
const asAuditor = (): Record<string, string> => ({ authorization: `Bearer ${auditor}` });

test('the checkpoint is signed, and kept for a second at most', async () => {
  const { status, headers, bytes } = await get('/log/checkpoint');
  expect({ status, ...headers }).toMatchObject({
    ...{ status: 200, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=1' },
  });
  const { root } = openCheckpoint(bytes.toString(), bankKey) ?? expect.fail('a checkpoint under the bank’s key');
  expect(root).toEqual(rootOfEdge(grow(emptyEdge, leaves()).edge));
});

test('the tiles are the tree’s, in every width up to the checkpoint’s, and immutable', async () => {
  const full = await get('/log/tile/0/000');
  expect({ status: full.status, ...full.headers }).toMatchObject({
    ...{ status: 200, 'content-type': 'application/octet-stream' },
    'cache-control': 'public, max-age=31536000, immutable',
  });
  expect(full.bytes).toEqual(Buffer.concat(leaves().slice(0, 256)));
  for (const width of [1, 43, 44]) {
    const { bytes } = await get(`/log/${tilePath(0, 1, width)}`);
    expect(bytes).toEqual(Buffer.concat(leaves().slice(256, 256 + width)));
  }
  // Of a full one, too: somebody may have seen the log at that size.
  expect((await get('/log/tile/0/000.p/7')).bytes).toEqual(Buffer.concat(leaves().slice(0, 7)));
  expect((await get('/log/tile/1/000.p/1')).bytes).toHaveLength(32);
  expect((await bank.client.call(contract.readTile, { params: { level: '1', tile: '000.p' } })).status).toBe(404);
});

describe('nothing else is a tile', () => {
  test.each([
    ['beyond the checkpoint, though the table has it', '0/001.p/45'],
    ['not full yet', '0/001'],
    ['not begun', '0/002.p/1'],
    ['a level that the tree does not have', '2/000.p/1'],
    ['a level with a zero in front', '00/000'],
    ['level 64', '64/000'],
    ['a level that is no number', 'a/000'],
    ['two digits', '0/00'],
    ['four digits', '0/0000'],
    ['groups of zeroes in front', '0/x000/000'],
    ['no x', '0/000/000'],
    ['a slash in the end', '0/000/'],
    ['two slashes', '0//000'],
    ['an encoded slash', '0/x000%2F000'],
    ['a partial one of 256', '0/000.p/256'],
    ['a partial one of nothing', '0/000.p/0'],
    ['a width with a zero in front', '0/000.p/01'],
    ['no width', '0/000.p/'],
    ['an index beyond all numbers', '0/x999/x999/x999/x999/x999/x999/999'],
    ['a name of Unicode', '0/%D9%A0%D9%A0%D9%A0'],
  ])('%s: %s', async (_what, path) => {
    const { status, bytes } = await get(`/log/tile/${path}`);
    expect(status, bytes.toString()).toBe(404);
  });

  test('and nothing is written to the log', async () => {
    for (const method of ['PUT', 'POST', 'DELETE'] as const) {
      const { statusCode } = await request(`${bank.client.origin}/log/tile/0/000`, { method, dispatcher: agent });
      expect(statusCode).toBe(405);
    }
  });
});

describe('the bundles of entries and events', () => {
  /** The pieces of a bundle, each after its length. */
  function unbundle(bytes: Buffer, lengthBytes: 2 | 4): readonly string[] {
    const found: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const from = at + lengthBytes;
      at = from + bytes.readUIntBE(at, lengthBytes);
      found.push(bytes.toString('utf8', from, at));
    }
    return found;
  }

  test('are for auditors only', async () => {
    for (const kind of ['entries', 'events']) {
      expect((await get(`/log/tile/${kind}/000`)).status).toBe(401);
      expect((await get(`/log/tile/${kind}/000`, { authorization: `Bearer ${'A'.repeat(43)}` })).status).toBe(401);
    }
  });

  test('hold what the tiles are the hashes of, also compressed, and are kept by nobody', async () => {
    const entries = await get('/log/tile/entries/001.p/44', asAuditor());
    expect(entries.headers['cache-control']).toBe('no-store');
    expect(entries.headers['content-encoding']).toBeUndefined();
    expect(unbundle(entries.bytes, 2)).toEqual(events.slice(256).map((event) => entryOf(event).toString()));
    const packed = await get('/log/tile/events/000', { ...asAuditor(), 'accept-encoding': 'gzip' });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(unbundle(gunzipSync(packed.bytes), 4)).toEqual(events.slice(0, 256).map(eventText));
  });

  test.each(['entries/001', 'entries/001.p/45', 'events/002.p/1', 'events/x', 'entries/000.p/256'])(
    'there is none beyond the checkpoint: %s',
    async (path) => {
      expect((await get(`/log/tile/${path}`, asAuditor())).status).toBe(404);
    },
  );
});

test('a bank without a signer has no checkpoint and no tiles', async () => {
  const other = await openBank();
  try {
    expect((await other.client.call(contract.readCheckpoint)).body.code).toBe('checkpoint_not_found');
    const tile = await other.client.call(contract.readTile, { params: { level: '0', tile: '000.p' } });
    expect(tile.body.code).toBe('tile_not_found');
  } finally {
    await other.close();
  }
});
