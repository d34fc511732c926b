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
  let text = `gl1-entry\n${String(event.position)}\n${sha256([eventLabel, seed])}`;
  for (const [index, part] of partsOf(event).entries()) text += `\n${commitmentOf(saltOf(seed, index), part)}`;
  return Buffer.from(text);
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
const partLabel = Buffer.from('gl1-part\n');
/** No event has more parts. */
const saltLabels = Array.from({ length: 4 }, (_, index) => Buffer.from(`gl1-salt\n${String(index)}\n`));

/** Nobody can guess it who does not hold the journal: an event's request hash is keyed and shown to no customer. */
const seedOf = (event: JournalEvent): Buffer => Buffer.from(hash('sha256', eventText(event)), 'hex');

function saltOf(seed: Buffer, index: number): Buffer {
  const label = saltLabels[index];
  if (label === undefined) throw new RangeError(`an event of more than ${String(saltLabels.length)} parts`);
  return Buffer.from(sha256([label, seed]), 'hex');
}

const commitmentOf = (salt: Buffer, text: string): string => sha256([partLabel, salt], text);

/** Room for what is hashed next: every event is hashed here a dozen times, by the signer and by each verification. */
const room = Buffer.alloc(16_384);

/** Of all bytes and then the text, in hexadecimal digits. */
function sha256(parts: readonly Buffer[], text = ''): string {
  let end = 0;
  for (const part of parts) end += part.copy(room, end);
  // Three bytes at most for each of its 16-bit units.
  if (end + text.length * 3 > room.length) return hash('sha256', Buffer.concat([...parts, Buffer.from(text)]));
  end += room.write(text, end);
  return hash('sha256', room.subarray(0, end));
}

const postingFields = ['account', 'amount', 'version', 'balance'] as const;
const accountFields = [
  ...['account', 'customer', 'accountType', 'currency', 'floor', 'by', 'until', 'command', 'code', 'about', 'amount'],
] as const;

/** An event whose texts are no JSON objects has no parts: it is in the log nevertheless, as a whole. */
function partsOf({ position, type, ...stored }: JournalEvent): readonly string[] {
  const [data, metadata] = [objectIn(stored.data), objectIn(stored.metadata)];
  if (data === undefined || metadata === undefined) return [];
  const parts: string[] = [];
  const postings = postingsIn(data);
  for (const [index, posting] of postings.entries()) {
    const part = startOf('posting', { position, type }, metadata);
    take(part, posting, postingFields);
    take(part, data, ['currency']);
    take(part, { counterparty: postings[1 - index]?.['account'] }, ['counterparty']);
    take(part, data, ['reference', 'label', 'reversedPosition']);
    parts.push(JSON.stringify(part));
  }
  if (postings.length === 0 && typeof data['account'] === 'string') {
    const part = startOf('account', { position, type }, metadata);
    take(part, data, accountFields);
    parts.push(JSON.stringify(part));
  }
  const { reason } = data;
  if (typeof reason === 'string') parts.push(JSON.stringify({ part: 'reason', position, reason }));
  const origin = { part: 'origin', position };
  take(origin, metadata, ['actor', 'terminal', 'commandId', 'correlationId']);
  parts.push(JSON.stringify(origin));
  return parts;
}

function startOf(part: string, { position, type }: Pick<JournalEvent, 'position' | 'type'>, metadata: Fields): object {
  const start = { part, position, type };
  take(start, metadata, ['recordedAt', 'valueDate']);
  return start;
}

/** In this order, whichever order they were written in. What is neither text nor a whole number is left out. */
function take(into: object, fields: Fields, names: readonly string[]): void {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' || Number.isSafeInteger(value)) (into as Record<string, unknown>)[name] = value;
  }
}

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
