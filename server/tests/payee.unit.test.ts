/** Verification of payee: what counts as the name of an account, and what a masked name still tells. */
import { expect, test } from 'vitest';
import { maskName, matchPayee } from '../src/access/payee.ts';

test.each([
  ['Zoé Dupont-Évrard', 'match'],
  ['dupont evrard zoe', 'match'],
  ['DUPONT-ÉVRARD ZOÉ', 'match'],
  ['Zoe Dupont-Evrart', 'close'],
  ['Z. Dupont', 'close'],
  ['Zoé Dupont', 'close'],
  ['Dupont', 'none'],
  ['Zoé', 'none'],
  ['Z', 'none'],
  ['Jean Martin', 'none'],
  ['', 'none'],
  ['…', 'none'],
])('%s against Zoé Dupont-Évrard: %s', (typed, expected) => {
  expect(matchPayee(typed, 'Zoé Dupont-Évrard')).toBe(expected);
});

test('a masked name tells first letters only', () => {
  expect(maskName('Zoé Dupont-Évrard')).toBe('Z… D… É…');
  expect(maskName('𝒵oé')).toBe('𝒵…');
  expect(maskName('')).toBe('');
});
