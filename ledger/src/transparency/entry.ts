/** An event as the transparency log holds it: commitments to the whole event and to each part, so that one part can be shown alone (docs/decisions/proofs.md). */
import { hash } from 'node:crypto';
import type { JournalEvent } from '../journal/journal.ts';

export type Opening = {
  /** Which commitment of the entry, from 0. */
  readonly index: number;
  readonly salt: Buffer;
  /** One JSON object in one line. */
  readonly text: string;
};

type Fields = Readonly<Record<string, unknown>>;

/** The bytes that the tree's leaf is the hash of. */
export function entryOf(event: JournalEvent): Buffer {
  const seed = seedOf(event);
  const commitments = partsOf(event).map((text, index) => commitmentOf(saltOf(seed, index), text));
  return Buffer.from(
    ['gl1-entry', String(event.position), sha256(Buffer.concat([eventLabel, seed])), ...commitments].join('\n'),
  );
}

/** What shows these parts of the event and nothing of the others. */
export function openingsOf(event: JournalEvent, isWanted: (part: Fields) => boolean): readonly Opening[] {
  const seed = seedOf(event);
  return partsOf(event)
    .map((text, index) => ({ index, salt: saltOf(seed, index), text }))
    .filter(({ text }) => isWanted(JSON.parse(text) as Fields));
}

/** The `extra` of a proof file: the entry, and the parts of it that its reader may see. */
export function openingText(entry: Buffer, openings: readonly Opening[]): string {
  const opened = openings.flatMap(({ index, salt, text }) => [`${String(index)} ${salt.toString('hex')}`, text]);
  return ['gl1-opening', entry.toString(), '', ...opened, ''].join('\n');
}

/** The exact event: secret to everybody but auditors, since it holds every part. */
export const eventText = ({ position, id, type, data, metadata }: JournalEvent): string =>
  ['gl1', String(position), id.toLowerCase(), type, data, metadata].join('\n');

const eventLabel = Buffer.from('gl1-event\n');

/** Nobody can guess it who does not hold the journal: an event's request hash is keyed and shown to no customer. */
const seedOf = (event: JournalEvent): Buffer => hash('sha256', eventText(event), 'buffer');

const saltOf = (seed: Buffer, index: number): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`gl1-salt\n${String(index)}\n`), seed]), 'buffer');

const commitmentOf = (salt: Buffer, text: string): string =>
  sha256(Buffer.concat([Buffer.from('gl1-part\n'), salt, Buffer.from(text)]));

const sha256 = (bytes: Buffer): string => hash('sha256', bytes, 'hex');

const postingFields = ['account', 'amount', 'version', 'balance'] as const;
const accountFields = [
  ...['account', 'customer', 'accountType', 'currency', 'floor', 'by', 'until', 'command', 'code', 'about', 'amount'],
] as const;

/** An event whose texts are no JSON objects has no parts: it is in the log nevertheless, as a whole. */
function partsOf({ position, type, ...stored }: JournalEvent): readonly string[] {
  const [data, metadata] = [objectIn(stored.data), objectIn(stored.metadata)];
  if (data === undefined || metadata === undefined) return [];
  const { recordedAt, valueDate, actor, terminal, commandId, correlationId } = metadata;
  const head = { position, type, recordedAt, valueDate };
  const { account, currency, reference, label, reversedPosition, reason } = data;
  const parts: Fields[] = [];
  const postings = postingsIn(data);
  for (const [index, posting] of postings.entries()) {
    const moved = { ...pick(posting, postingFields), currency, counterparty: postings[1 - index]?.['account'] };
    parts.push({ part: 'posting', ...head, ...moved, reference, label, reversedPosition });
  }
  if (postings.length === 0 && typeof account === 'string') {
    parts.push({ part: 'account', ...head, ...pick(data, accountFields) });
  }
  if (typeof reason === 'string') parts.push({ part: 'reason', position, reason });
  parts.push({ part: 'origin', position, actor, terminal, commandId, correlationId });
  return parts.map((part) => JSON.stringify(part, plainValues));
}

/** In this order, whichever order they were written in. */
const pick = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, fields[name]]));

/** What is neither text nor a whole number is left out. */
const plainValues = (name: string, value: unknown): unknown =>
  name === '' || typeof value === 'string' || Number.isSafeInteger(value) ? value : undefined;

function postingsIn({ postings }: Fields): readonly Fields[] {
  if (!Array.isArray(postings) || postings.length !== 2) return [];
  return postings.every(isObject) ? postings : [];
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectIn(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
