/** An event's text of the form gl1, for those who may see all of it: its six lines, and the parts that follow from it. */
import { fromDecimal, fromUtf8 } from './bytes.js';
import { unreadable } from './failure.js';

/**
 * @typedef {Readonly<Record<string, unknown>>} Members
 * @typedef {{ position: number, id: string, type: string, data: Members | undefined, metadata: Members | undefined }} Event
 */

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @param {Uint8Array} bytes
 * @returns {Event | import('./failure.js').Failure}
 */
export function parseEvent(bytes) {
  const lines = fromUtf8(bytes)?.split('\n');
  if (lines === undefined) return unreadable('The event is not UTF-8.');
  const [form, positionText = '', id = '', type = '', data = '', metadata = '', ...more] = lines;
  const position = fromDecimal(positionText);
  // Two events could have one text if a value might hold a line feed.
  if (form !== 'gl1' || lines.length < 6 || more.length > 0)
    return unreadable('The event is not six lines of the form gl1.');
  if (position === undefined || position === 0) return unreadable(`"${positionText}" is not a position.`);
  if (!uuid.test(id)) return unreadable('The id of the event is not a UUID in lower case.');
  return { position, id, type, data: toMembers(data), metadata: toMembers(metadata) };
}

/** Of a JSON text that is one object; undefined for any other. @param {string} json @returns {Members | undefined} */
export function toMembers(json) {
  try {
    const value = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value @param {string} name @returns {unknown} */
export const member = (value, name) =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? /** @type {Record<string, unknown>} */ (value)[name]
    : undefined;

const postingMembers = ['account', 'amount', 'version', 'balance'];
const afterPosting = ['reference', 'label', 'reversedPosition'];
const accountMembers = ['account', 'customer', 'accountType', 'currency', 'floor']
  .concat(['by', 'until', 'command', 'code'])
  .concat(['about', 'amount']);
const originMembers = ['actor', 'terminal', 'commandId', 'correlationId'];
const times = ['recordedAt', 'valueDate'];

/** The texts of the event's parts, in their order. @param {Event} event @returns {readonly string[]} */
export function partsOf({ position, type, data, metadata }) {
  if (data === undefined || metadata === undefined) return [];
  /** @param {string} part @param {...[names: readonly string[], from: unknown]} groups */
  const text = (part, ...groups) =>
    JSON.stringify(
      Object.fromEntries([
        ['part', part],
        ['position', position],
        ...groups.flatMap(([names, from]) => names.map((name) => [name, scalar(member(from, name))])),
      ]),
    );
  /** @type {[readonly string[], unknown]} */
  const about = [['type'], { type }];
  /** @type {[readonly string[], unknown]} */
  const when = [times, metadata];
  const postings = member(data, 'postings');
  /** @type {string[]} */
  const parts = [];
  if (Array.isArray(postings) && postings.length === 2 && postings.every(isObject)) {
    for (const [at, posting] of postings.entries()) {
      const other = { counterparty: member(postings[1 - at], 'account') };
      /** @type {[readonly string[], unknown]} */
      const counterparty = [['counterparty'], other];
      parts.push(
        text('posting', about, when, [postingMembers, posting], [['currency'], data], counterparty, [
          afterPosting,
          data,
        ]),
      );
    }
  } else if (typeof member(data, 'account') === 'string') {
    parts.push(text('account', about, when, [accountMembers, data]));
  }
  if (typeof member(data, 'reason') === 'string') parts.push(text('reason', [['reason'], data]));
  parts.push(text('origin', [originMembers, metadata]));
  return parts;
}

/** @param {unknown} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a part may hold: text and whole numbers; a member of another value is left out. @param {unknown} value */
const scalar = (value) => (typeof value === 'string' || Number.isSafeInteger(value) ? value : undefined);
