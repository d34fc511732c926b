/** The journal's double entry, folded from its events alone: every account's versions, balances and currency, and sums of zero. */
import { member } from './event.js';

/**
 * @typedef {{ account: string, amount: bigint, version: number, balance: bigint }} Posting
 * @typedef {{ version: number, balance: bigint, currency: string }} State
 */

const digits = /^(?:0|-?[1-9]\d{0,30})$/;

export class Book {
  /** @type {Map<string, State>} */
  #accounts = new Map();
  postingCount = 0;

  get accountCount() {
    return this.#accounts.size;
  }

  /**
   * Takes an event's postings in; the sentences say what in them contradicts the events before. What it says of a balance is
   * taken over all the same, so that one wrong posting is named once.
   * @param {import('./event.js').Event} event
   * @returns {readonly string[]}
   */
  add({ type, data, metadata }) {
    if (data === undefined || metadata === undefined) return ['its data or metadata is not one JSON object'];
    const postings = member(data, 'postings');
    if (postings === undefined) return isMoney(type) ? [`it is ${type}, and has no postings`] : [];
    const read = Array.isArray(postings) && postings.length === 2 ? postings.map(toPosting) : [];
    const [first, second] = read;
    const currency = member(data, 'currency');
    if (first === undefined || second === undefined)
      return ['its postings are not two, of account, amount, version and balance'];
    if (typeof currency !== 'string') return ['its postings have no currency'];
    if (first.account === second.account) return [`both its postings are of account ${first.account}`];
    const wrong = [...this.#post(first, currency), ...this.#post(second, currency)];
    const sum = first.amount + second.amount;
    return sum === 0n ? wrong : [...wrong, `its amounts add up to ${sum}, not to 0`];
  }

  /** @param {Posting} posting @param {string} currency */
  #post({ account, amount, version, balance }, currency) {
    const before = this.#accounts.get(account) ?? { version: 0, balance: 0n, currency };
    this.#accounts.set(account, { version, balance, currency });
    this.postingCount += 1;
    /** @type {string[]} */
    const wrong = [];
    if (version !== before.version + 1)
      wrong.push(`account ${account} goes from version ${before.version} to ${version}`);
    if (balance !== before.balance + amount) {
      wrong.push(`account ${account} had ${before.balance}, ${amount} was added, and it has ${balance} minor units`);
    }
    if (currency !== before.currency)
      wrong.push(`account ${account} is in ${before.currency}, the event in ${currency}`);
    return wrong;
  }
}

const moneyTypes = new Set(['Deposited', 'Withdrawn', 'Transferred', 'EntryImported', 'EntryReversed']);
/** @param {string} type */
const isMoney = (type) => moneyTypes.has(type);

/** @param {unknown} value @returns {Posting | undefined} */
function toPosting(value) {
  const [account, version] = [member(value, 'account'), member(value, 'version')];
  const [amount, balance] = [toAmount(member(value, 'amount')), toAmount(member(value, 'balance'))];
  if (typeof account !== 'string' || typeof version !== 'number' || !Number.isSafeInteger(version)) return undefined;
  return amount === undefined || balance === undefined ? undefined : { account, amount, version, balance };
}

/** @param {unknown} text */
const toAmount = (text) => (typeof text === 'string' && digits.test(text) ? BigInt(text) : undefined);
