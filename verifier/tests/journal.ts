/** A journal of openings and transfers, and its exported log as files: made from the formats' pages, apart from the verifier. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { signedCheckpoint } from './bank.ts';
import { rootOf, sha256 } from './build.ts';

/** Events of the form gl1: two openings, then transfers between ten accounts and the outside. */
export function journalOf(size: number): readonly string[] {
  const state = new Map<string, { version: number; balance: number }>();
  const post = (account: string, amount: number): object => {
    const { version, balance } = state.get(account) ?? { version: 0, balance: 0 };
    const after = { version: version + 1, balance: balance + amount };
    state.set(account, after);
    return { account, amount: String(amount), version: after.version, balance: String(after.balance) };
  };
  return Array.from({ length: size }, (_, at) => {
    if (at === 0)
      return eventOf(1, 'AccountOpened', {
        account: '1',
        customer: '1',
        accountType: 'current',
        currency: 'EUR',
        floor: '0',
      });
    const [from, to] = [at % 5 === 0 ? 'external:world' : String((at * 7) % 10), String((at * 7 + 3) % 10)];
    const postings = [post(from, -at), post(to, at)];
    return eventOf(at + 1, 'Transferred', { currency: 'EUR', postings, reference: `n° ${String(at)}` });
  });
}

const eventOf = (position: number, type: string, data: object): string =>
  [
    'gl1',
    position,
    `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    type,
    JSON.stringify(data),
    JSON.stringify({
      ...{
        commandId: `c-${String(position)}`,
        requestHash: sha256(String(position)).toString('base64url').slice(0, 22),
      },
      ...{ actor: 'session:1', terminal: 'T1', recordedAt: '2026-12-01T09:00:00.000Z', valueDate: '2026-12-01' },
      ...{ correlationId: `r-${String(position)}`, schemaVersion: '1' },
    }),
  ].join('\n');

/** The entry gl1 of a transfer or an opening, as docs/decisions/proofs.md says. */
export function entryFrom(event: string): Buffer {
  const [, position = '', , type = '', dataText = '', metadataText = ''] = event.split('\n');
  const data = JSON.parse(dataText) as {
    postings?: readonly { account: string }[];
    currency: string;
    reference: string;
  };
  const { recordedAt, valueDate, actor, terminal, commandId, correlationId } = JSON.parse(metadataText) as Record<
    string,
    string
  >;
  const head = { position: Number(position), type, recordedAt, valueDate };
  const { currency, reference, postings } = data;
  const parts = [
    ...(postings?.map((posting, at) => ({
      ...{ part: 'posting', ...head, ...posting, currency, counterparty: postings[1 - at]?.account, reference },
    })) ?? [{ part: 'account', ...head, ...data }]),
    { part: 'origin', position: Number(position), actor, terminal, commandId, correlationId },
  ];
  const seed = sha256(event);
  const commitments = parts.map((part, at) =>
    sha256('gl1-part\n', sha256(`gl1-salt\n${String(at)}\n`, seed), JSON.stringify(part)).toString('hex'),
  );
  return Buffer.from(['gl1-entry', position, sha256('gl1-event\n', seed).toString('hex'), ...commitments].join('\n'));
}

/** The exported log of these events, by path. */
export function filesOf(events: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const entries = events.map(entryFrom);
  const files = new Map<string, Uint8Array>();
  files.set('checkpoint', Buffer.from(signedCheckpoint(entries.length, rootOf(entries))));
  for (let span = 1, level = 0; entries.length >= span; span *= 256, level += 1) {
    const hashes = Array.from({ length: Math.floor(entries.length / span) }, (_, at) =>
      rootOf(entries.slice(at * span, (at + 1) * span)),
    );
    put(files, `tile/${String(level)}`, hashes);
  }
  put(
    files,
    'tile/entries',
    entries.map((entry) => withLength(entry, 2)),
  );
  put(
    files,
    'tile/events',
    events.map((event) => withLength(Buffer.from(event), 4)),
  );
  return files;
}

function put(files: Map<string, Uint8Array>, under: string, parts: readonly Buffer[]): void {
  for (let at = 0; at < parts.length; at += 256) {
    const some = parts.slice(at, at + 256);
    const name = String(at / 256).padStart(3, '0');
    files.set(`${under}/${name}${some.length < 256 ? `.p/${String(some.length)}` : ''}`, Buffer.concat(some));
  }
}

function withLength(bytes: Buffer, lengthBytes: number): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

export function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
