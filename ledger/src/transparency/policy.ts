/** Policies (c2sp.org/tlog-policy): which logs and witnesses are trusted, and which cosignatures are enough. */
import { Failure } from '../failure.ts';
import type { VerifierKey } from './note.ts';
import { parseVkey, signatureTypes } from './note.ts';

export type Witness = { readonly name: string; readonly key: VerifierKey; readonly url: string | undefined };

export type Policy = {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly Witness[];
  /** Whether cosignatures of the witnesses of these names are enough. */
  readonly isEnough: (names: ReadonlySet<string>) => boolean;
};

type Rule = (names: ReadonlySet<string>) => boolean;

/** More would be a mistake: C2SP asks for 32. */
const mostLines = 1_000;

/** Throws a `Failure` that names the line; `file` is what the policy was read from. */
export function parsePolicy(text: string, file: string): Policy {
  const logs: VerifierKey[] = [];
  const witnesses: Witness[] = [];
  const rules = new Map<string, Rule>();
  const members = new Set<string>();
  let quorum: Rule | undefined;
  const lines = text.split('\n');
  for (const [at, line] of lines.entries()) {
    const wrong = (what: string): Failure =>
      new Failure(`The policy ${file}, line ${String(at + 1)}: ${what} (see https://c2sp.org/tlog-policy).`);
    if (at >= mostLines) throw wrong(`more than ${String(mostLines)} lines`);
    const [keyword = '', ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
    if (keyword === '' || keyword.startsWith('#')) continue;
    const define = (name: string, rule: Rule): void => {
      if (name === 'none' || rules.has(name)) throw wrong(`"${name}" is defined already`);
      rules.set(name, rule);
    };
    const defined = (name: string): Rule => {
      const rule = rules.get(name);
      if (rule === undefined) throw wrong(`"${name}" is not defined above`);
      return rule;
    };
    if (keyword === 'log' && isBetween(words.length, 1, 2)) {
      const key = keyOf(words[0], signatureTypes.note);
      if (key === undefined || isKnown(logs, key)) throw wrong('is no log’s key, or one that stands there already');
      logs.push(key);
    } else if (keyword === 'witness' && isBetween(words.length, 2, 3)) {
      const [name = '', vkey, url] = words;
      const key = keyOf(vkey, signatureTypes.cosignature);
      const known = witnesses.map((one) => one.key);
      if (key === undefined || isKnown(known, key))
        throw wrong('is no witness’s key, or one that stands there already');
      if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw wrong(`"${url}" is no URL`);
      define(name, (names) => names.has(name));
      witnesses.push({ name, key, url });
    } else if (keyword === 'group' && words.length >= 3) {
      const [name = '', threshold = '', ...names] = words;
      const inGroup = names.map(defined);
      if (new Set(names).size < names.length || names.some((one) => members.has(one)))
        throw wrong('a name is a member twice');
      for (const one of names) members.add(one);
      const needed = threshold === 'any' ? 1 : threshold === 'all' ? names.length : Number(threshold);
      if (!/^(any|all|[1-9]\d{0,3})$/.test(threshold) || needed > names.length)
        throw wrong(`"${threshold}" is no threshold`);
      define(name, (given) => inGroup.filter((rule) => rule(given)).length >= needed);
    } else if (keyword === 'quorum' && words.length === 1 && quorum === undefined) {
      const [name = ''] = words;
      quorum = name === 'none' ? () => true : defined(name);
    } else {
      throw wrong('cannot be read');
    }
  }
  if (quorum === undefined)
    throw new Failure(`The policy ${file} has no quorum line (see https://c2sp.org/tlog-policy).`);
  return { logs, witnesses, isEnough: quorum };
}

const isBetween = (count: number, least: number, most: number): boolean => count >= least && count <= most;

function keyOf(vkey: string | undefined, type: VerifierKey['type']): VerifierKey | undefined {
  const key = parseVkey(vkey ?? '');
  return key?.type === type ? key : undefined;
}

const isKnown = (keys: readonly VerifierKey[], key: VerifierKey): boolean =>
  keys.some(({ publicKey }) => publicKey.equals(key.publicKey));
