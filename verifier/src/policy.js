/** Whose signatures count (c2sp.org/tlog-policy): logs, witnesses, groups of them, and the quorum that has to cosign. */
import { fromUtf8 } from './bytes.js';
import { Failure, unreadable } from './failure.js';
import { cosignatureType, ed25519Type, parseKey } from './note.js';
import { webSha256 } from './sha256.js';

/**
 * @typedef {import('./note.js').Key} Key
 * @typedef {{ name: string, needed: number, members: readonly string[] }} Group
 * @typedef {{ logs: readonly Key[], witnesses: ReadonlyMap<string, Key>, groups: ReadonlyMap<string, Group>, quorum: string }} Policy
 */

const maxPolicyLength = 65_536;
const maxLines = 1024;

/**
 * @param {Uint8Array} bytes
 * @param {import('./sha256.js').Sha256} sha256
 * @returns {Promise<Policy | Failure>}
 */
export async function parsePolicy(bytes, sha256 = webSha256) {
  const text = bytes.length > maxPolicyLength ? undefined : fromUtf8(bytes);
  if (text === undefined) return unreadable(`The policy is not UTF-8, or longer than ${maxPolicyLength} bytes.`);
  const lines = text.split('\n');
  if (lines.length > maxLines) return unreadable(`The policy has more than ${maxLines} lines.`);
  const read = new PolicyReader(sha256);
  for (const [at, line] of lines.entries()) {
    const wrong = await read.line(line);
    if (wrong !== undefined) return unreadable(`Line ${at + 1} of the policy: ${wrong}`);
  }
  if (read.logs.length === 0) return unreadable('The policy names no log.');
  if (read.quorum === undefined) return unreadable('The policy has no line "quorum".');
  return { logs: read.logs, witnesses: read.witnesses, groups: read.groups, quorum: read.quorum };
}

/** Each line may name only what lines before it defined. A method answers what is wrong, or undefined. */
class PolicyReader {
  /** @type {Key[]} */
  logs = [];
  /** @type {Map<string, Key>} */
  witnesses = new Map();
  /** @type {Map<string, Group>} */
  groups = new Map();
  /** @type {string | undefined} */
  quorum;
  /** @type {Set<string>} */
  #members = new Set();

  /** @param {import('./sha256.js').Sha256} sha256 */
  constructor(sha256) {
    this.sha256 = sha256;
  }

  /** @param {string} line */
  async line(line) {
    if (/[\x00-\x08\x0b-\x1f\x7f]/.test(line)) return 'a control character.';
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
    if (keyword === undefined || keyword.startsWith('#')) return undefined;
    if (keyword === 'log') return this.#log(words);
    if (keyword === 'witness') return this.#witness(words);
    if (keyword === 'group') return this.#group(words);
    if (keyword === 'quorum') return this.#quorum(words);
    return `"${keyword}" is none of log, witness, group and quorum.`;
  }

  /** @param {readonly string[]} words */
  async #log([text, , ...more]) {
    if (text === undefined || more.length > 0) return 'a log has a key and at most an address.';
    const key = await parseKey(text, this.sha256);
    if (key instanceof Failure) return key.detail;
    if (key.type !== ed25519Type) return `the key of the log ${key.name} is a witness's.`;
    if (this.logs.some(({ name, publicKey }) => name === key.name && String(publicKey) === String(key.publicKey))) {
      return `the log ${key.name} is here twice.`;
    }
    this.logs.push(key);
    return undefined;
  }

  /** @param {readonly string[]} words */
  async #witness([name, text, , ...more]) {
    if (name === undefined || text === undefined || more.length > 0)
      return 'a witness has a name, a key and at most an address.';
    const key = await parseKey(text, this.sha256);
    if (key instanceof Failure) return key.detail;
    if (key.type !== cosignatureType) return `the key of the witness ${name} is not one for cosignatures.`;
    if ([...this.witnesses.values()].some(({ publicKey }) => String(publicKey) === String(key.publicKey))) {
      return `the key of ${name} is here under another name, and one witness would count twice.`;
    }
    const taken = this.#taken(name);
    if (taken === undefined) this.witnesses.set(name, key);
    return taken;
  }

  /** @param {readonly string[]} words */
  #group([name, rule, ...members]) {
    if (name === undefined || rule === undefined || members.length === 0)
      return 'a group has a name, any, all or a number, and members.';
    const needed =
      rule === 'any' ? 1 : rule === 'all' ? members.length : /^[1-9]\d{0,3}$/.test(rule) ? Number(rule) : 0;
    if (needed < 1 || needed > members.length)
      return `"${rule}" is neither any, all nor a number from 1 to ${members.length}.`;
    for (const member of members) {
      if (!this.witnesses.has(member) && !this.groups.has(member)) return `"${member}" is not defined before.`;
      if (this.#members.has(member)) return `"${member}" is a member of a group already.`;
      this.#members.add(member);
    }
    const taken = this.#taken(name);
    if (taken === undefined) this.groups.set(name, { name, needed, members });
    return taken;
  }

  /** @param {readonly string[]} words */
  #quorum([name, ...more]) {
    if (name === undefined || more.length > 0) return 'a quorum is one name, or none.';
    if (this.quorum !== undefined) return 'there is a quorum already.';
    if (name !== 'none' && !this.witnesses.has(name) && !this.groups.has(name))
      return `"${name}" is not defined before.`;
    this.quorum = name;
    return undefined;
  }

  /** @param {string} name */
  #taken(name) {
    if (name === 'none' || name.startsWith('#')) return `"${name}" cannot be a name.`;
    return this.witnesses.has(name) || this.groups.has(name) ? `the name "${name}" is taken.` : undefined;
  }
}

/**
 * Whether those who cosigned are enough. Groups name only what was defined before them, so there is no circle.
 * @param {Policy} policy
 * @param {ReadonlySet<string>} cosigned names of witnesses
 * @param {string} name
 * @returns {boolean}
 */
export function isQuorum(policy, cosigned, name = policy.quorum) {
  if (name === 'none') return true;
  const group = policy.groups.get(name);
  if (group === undefined) return cosigned.has(name);
  return group.members.filter((member) => isQuorum(policy, cosigned, member)).length >= group.needed;
}

/**
 * The quorum in words, for whoever reads what was missing.
 * @param {Policy} policy
 * @param {string} name
 * @returns {string}
 */
export function quorumInWords(policy, name = policy.quorum) {
  const group = policy.groups.get(name);
  if (group === undefined) return name;
  return `${group.needed} of (${group.members.map((member) => quorumInWords(policy, member)).join(', ')})`;
}
