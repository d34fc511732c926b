/** Verification of payee: whether the name that a sender typed is the one the account is held under, without saying which that is. */
import { normaliseName } from '../../../projections/src/normalise-name.ts';

/** As the European scheme's answers: the name matches, nearly does, or does not. */
export type PayeeMatch = 'match' | 'close' | 'none';

/** Every word's first letter, and nothing that tells how long the word is. */
export const maskName = (name: string): string =>
  name
    .split(/[\s-]+/)
    .filter((word) => word !== '')
    .map((word) => `${Array.from(word)[0] ?? ''}…`)
    .join(' ');

/** Words in any order, accents and case aside. A shortened first name or a slip of the finger is close. */
export function matchPayee(typed: string, holder: string): PayeeMatch {
  const given = wordsOf(typed);
  const known = wordsOf(holder);
  if (given.join(' ') === known.join(' ')) return 'match';
  if (given.length === 0) return 'none';
  const slips = distance(given.join(' '), known.join(' '));
  if (slips <= Math.floor(known.join('').length / 6)) return 'close';
  // "M. Dupont", "Dupont Zoé" for "Dupont-Évrard Zoé": every word typed is a word of the name or its beginning.
  const isPart = given.every((word) =>
    known.some((other) => other === word || (word.length === 1 && other.startsWith(word))),
  );
  const hasWholeWord = given.some((word) => word.length > 2 && known.includes(word));
  return isPart && hasWholeWord && given.length > 1 ? 'close' : 'none';
}

const wordsOf = (name: string): readonly string[] =>
  normaliseName(name)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .sort();

/** Levenshtein's distance: how many letters must be put in, taken out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [line, letter] of Array.from(a).entries()) {
    const next = [line + 1];
    for (let column = 1; column <= b.length; column++) {
      const changed = (row[column - 1] as number) + (b[column - 1] === letter ? 0 : 1);
      next.push(Math.min(changed, (row[column] as number) + 1, (next[column - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
