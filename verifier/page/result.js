/** What was proven or not, as the reader sees it: text only, never markup from a receipt. */
import { Failure } from '../src/index.js';

/** @typedef {typeof import('./texts.js').en} Texts */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${id}.`);
}

/** @param {import('../src/receipt.js').ProvenReceipt | Failure} result @param {Texts} texts */
export function showResult(result, texts) {
  const failed = result instanceof Failure;
  const section = element('result', HTMLElement);
  section.hidden = false;
  section.className = failed ? 'failed' : 'proven';
  const title = failed ? (result.isUnreadable ? texts.unreadable : texts.notProven) : texts.proven;
  element('result-title', HTMLElement).textContent = `${failed ? '✗' : '✓'} ${title}`;
  element('result-content', HTMLElement).replaceChildren(
    ...(failed ? describeFailure(result, texts) : describe(result, texts)),
  );
}

/** @param {string} name @param {...(string | Node)} content */
function make(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

/** @param {Failure} failure @param {Texts} texts */
function describeFailure(failure, texts) {
  const detail = make('p', failure.detail);
  detail.lang = 'en';
  return [make('p', texts.failures[failure.code]), make('details', make('summary', texts.technical), detail)];
}

/** @param {import('../src/receipt.js').ProvenReceipt} receipt @param {Texts} texts */
function describe({ bank, position, size, parts, cosigned }, texts) {
  const { locale } = texts;
  const count = new Intl.NumberFormat(locale);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'long' });
  const witnesses = cosigned.map(({ keyName, at }) => texts.witnessed(keyName, time.format(at * 1000)));
  /** @type {readonly (readonly [string, string])[]} */
  const rows = [
    [texts.bank, bank],
    [texts.position, texts.positionOf(count.format(position), count.format(size))],
    ...(witnesses.length === 0 ? [texts.noWitness] : witnesses).map(
      (one) => /** @type {const} */ ([texts.witnesses, one]),
    ),
    ...parts.flatMap((part) => Object.entries(part).flatMap(([name, value]) => row(name, value, part, texts) ?? [])),
  ];
  return [
    make('p', texts.provenMeans),
    make('dl', ...rows.flatMap(([name, value]) => [make('dt', name), make('dd', value)])),
    make('h3', texts.notProvenTitle),
    make('ul', ...texts.limits.map((one) => make('li', one))),
  ];
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {import('../src/event.js').Members} part
 * @param {Texts} texts
 * @returns {[readonly [string, string]] | undefined}
 */
function row(name, value, part, texts) {
  // Shown above, or part of a sum.
  if (['part', 'position', 'currency'].includes(name)) return undefined;
  const label = Object.hasOwn(texts.members, name) ? texts.members[/** @type {'type'} */ (name)] : name;
  const text = String(value);
  if (['amount', 'balance', 'floor'].includes(name))
    return [[label, inCurrency(text, String(part['currency']), texts)]];
  if (name === 'recordedAt' && !Number.isNaN(Date.parse(text))) {
    const time = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'long', timeStyle: 'long' });
    return [[label, time.format(Date.parse(text))]];
  }
  return [
    [
      label,
      name === 'type' && Object.hasOwn(texts.values, text) ? texts.values[/** @type {'Deposited'} */ (text)] : text,
    ],
  ];
}

/** Digits of minor units, never as a float. @param {string} minor @param {string} currency @param {Texts} texts */
function inCurrency(minor, currency, texts) {
  const [, sign = '', digits = ''] = /^(-?)(\d+)$/.exec(minor) ?? [];
  if (digits === '' || !/^[A-Z]{3}$/.test(currency)) return `${minor} ${currency}`;
  const format = new Intl.NumberFormat(texts.locale, { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  const padded = digits.padStart(decimals + 1, '0');
  const whole = padded.slice(0, padded.length - decimals);
  const decimal = decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${padded.slice(-decimals)}`;
  return format.format(/** @type {Intl.StringNumericLiteral} */ (decimal));
}
