/** The tamper drill's alterations of history as a whole: an end that is cut off, a suffix written anew, an event invented, with whatever of the log the owner of the database can write. */
import type { KeyObject } from 'node:crypto';
import type { Difference } from '../../../server/src/audit/difference.ts';
import { macOf, withMac } from '../../../ledger/src/journal/event-mac.ts';
import { signCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { entryOf } from '../../../ledger/src/transparency/entry.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { noteText, signingKey, vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { emptyEdge, grow, rootOfEdge } from '../../../ledger/src/transparency/tiles.ts';
import { leafHash } from '../../../ledger/src/transparency/tree.ts';
import type { Chance } from './chance.ts';
import type { TamperBank } from './tamper-bank.ts';
import type { Tamper } from './tampering.ts';

const ofLog = ({ table }: Difference): boolean => table === 'log';

const cut = (bank: TamperBank, chance: Chance): number => bank.size - chance.whole(1, 100);

const tailOfJournal: Tamper = async (bank, chance) => {
  const end = cut(bank, chance);
  await bank.alone.query('delete from journal.events where position > $1', [end]);
  return { what: `journal cut after ${String(end)}`, isNamedBy: ofLog };
};

const tailOfBoth: Tamper = async (bank, chance) => {
  const end = cut(bank, chance);
  await bank.alone.query('delete from journal.events where position > $1', [end]);
  await bank.rebuild();
  return { what: `journal and read model cut after ${String(end)}`, isNamedBy: ofLog };
};

/** Tiles and checkpoint of the journal as it is now. */
async function signAnew({ alone, journal }: TamperBank, key: SigningKey): Promise<ReturnType<typeof signCheckpoint>> {
  const stored = await journal.read({ from: 1, limit: 100_000 });
  const { edge, tiles } = grow(
    emptyEdge,
    stored.map((event) => leafHash(entryOf(event))),
  );
  const note = signCheckpoint(key, { origin: key.name, size: edge.size, root: rootOfEdge(edge) });
  await alone.query('truncate log.tiles');
  for (const { level, index, hashes } of tiles) {
    await alone.query('insert into log.tiles values ($1, $2, $3)', [level, index, hashes]);
  }
  await alone.query('update log.checkpoint set size = $1, note = $2, vkey = $3', [
    edge.size,
    noteText(note),
    vkeyOf(key),
  ]);
  return note;
}

/** One of the last deposits is larger by a euro and all that follows fits, in events and rows; with the bank's key, their codes too. */
async function rewriteSuffix(bank: TamperBank, chance: Chance, macKey?: KeyObject): Promise<string> {
  const { alone } = bank;
  const { rows } = await alone.query<{ position: string; data: string }>(
    `select position, data from journal.events where type = 'Deposited' order by position desc limit 60`,
  );
  const deposits = rows.map(({ position, data }) => ({ position, data: JSON.parse(data) as Deposit }));
  const first = deposits[chance.whole(0, Math.max(0, deposits.length - 1))];
  if (first === undefined) throw new Error('the drill’s bank has no deposit');
  const touched = new Set(first.data.postings.map(({ account }) => account));
  const { rows: suffix } = await alone.query<{ position: string; data: string }>(
    'select position, data from journal.events where position >= $1 order by position',
    [first.position],
  );
  for (const { position, data } of suffix) {
    const changed = JSON.parse(data) as Partial<Deposit>;
    if (!Array.isArray(changed.postings)) continue;
    const isFirst = position === first.position;
    for (const posting of changed.postings) {
      if (!touched.has(posting.account)) continue;
      const sign = Math.sign(Number(first.data.postings.find(({ account }) => account === posting.account)?.amount));
      posting.balance = String(BigInt(posting.balance) + BigInt(sign) * 100n);
      if (isFirst) posting.amount = String(BigInt(posting.amount) + BigInt(sign) * 100n);
    }
    await alone.query('update journal.events set data = $1 where position = $2', [JSON.stringify(changed), position]);
  }
  if (macKey !== undefined) await renewCodes(bank, Number(first.position), macKey);
  await bank.rebuild();
  return first.position;
}

async function renewCodes({ alone, journal }: TamperBank, from: number, macKey: KeyObject): Promise<void> {
  for (const event of await journal.read({ from, limit: 100_000 })) {
    const bare = event.metadata.replace(/,"mac":"[^"]*"/, '');
    const metadata = withMac(bare, macOf(macKey, { ...event, metadata: bare }));
    await alone.query('update journal.events set metadata = $1 where position = $2', [metadata, event.position]);
  }
}

type Deposit = { postings: { account: string; amount: string; balance: string }[] };

const suffixRewritten: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance);
  return { what: `every event from ${from} on`, isNamedBy: ofLog };
};

const suffixAndTilesRewritten: Tamper = async (bank, chance) => {
  const before = await bank.alone.query<{ note: string; size: string }>('select note, size from log.checkpoint');
  const from = await rewriteSuffix(bank, chance);
  await signAnew(bank, bank.key);
  const [row] = before.rows;
  await bank.alone.query('update log.checkpoint set note = $1, size = $2', [row?.note, row?.size]);
  return { what: `every event from ${from} on, and the tiles`, isNamedBy: ofLog };
};

const newLog: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance);
  await signAnew(bank, signingKey(bank.key.name, 0x01, Buffer.alloc(32, 9)));
  return { what: `every event from ${from} on, and the whole log under another key`, isNamedBy: ofLog };
};

/** What an older copy of the database, and of the signer's file, would hold. */
const earlierCopy: Tamper = async (bank, chance) => {
  const end = cut(bank, chance);
  await bank.alone.query('delete from journal.events where position > $1', [end]);
  await bank.rebuild();
  await signAnew(bank, bank.key);
  return { what: `everything as it was at ${String(end)}`, isNamedBy: ofLog };
};

/** By somebody with the signing key. */
const rewrittenBySigner: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance);
  await signAnew(bank, bank.key);
  return { what: `every event from ${from} on, signed under the log’s key`, isNamedBy: ofLog };
};

/** By somebody with the signing key and the servers' key; what witnesses and the server's disk remember is all that is left. */
export const rewrittenByAllKeys: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance, bank.macKey);
  await signAnew(bank, bank.key);
  return { what: `every event from ${from} on, signed under every key of the bank`, isNamedBy: ofLog };
};

/** An event that fits, in journal and read model, before the signer has been there. */
const eventInvented: Tamper = async (bank) => {
  const { rows } = await bank.alone.query<{ type: string; data: string; metadata: string }>(
    `select type, data, metadata from journal.events where type = 'Deposited' order by position desc limit 1`,
  );
  const [last] = rows;
  if (last === undefined) return undefined;
  const data = JSON.parse(last.data) as { postings: { version: number; amount: string; balance: string }[] };
  for (const posting of data.postings) {
    posting.version += 1;
    posting.balance = String(BigInt(posting.balance) + BigInt(posting.amount));
  }
  await bank.alone.query(
    'insert into journal.events (position, id, type, data, metadata) values ($1, gen_random_uuid(), $2, $3, $4)',
    [
      bank.size + 1,
      last.type,
      JSON.stringify(data),
      last.metadata.replace(/"commandId":"[^"]*"/, '"commandId":"account:100001:invented"'),
    ],
  );
  await bank.rebuild();
  const position = String(bank.size + 1);
  return { what: `event ${position}`, isNamedBy: ({ table, key }) => table === 'journal' && key === position };
};

export const historyTamperings: Readonly<Record<string, Tamper>> = {
  'tail cut, journal alone': tailOfJournal,
  'tail cut, journal and read model': tailOfBoth,
  'suffix rewritten, read model rebuilt': suffixRewritten,
  'suffix and tiles rewritten': suffixAndTilesRewritten,
  'suffix rewritten, whole log under another key': newLog,
  'suffix rewritten, whole log under the same key': rewrittenBySigner,
  'everything put back to an earlier copy': earlierCopy,
  'an event invented at the end': eventInvented,
};
