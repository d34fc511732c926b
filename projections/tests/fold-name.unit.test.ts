/** Names as the search compares them. */
import { expect, test } from 'vitest';
import { foldName } from '../src/fold-name.ts';

test.each([
  ['Ludovic BELLIARD', 'ludovic belliard'],
  ['Éloïse Müller-Çelik', 'eloise muller celik'],
  ["Anaïs L'Œuvre", 'anais l oeuvre'],
  ['Bjørn Strauß', 'bjorn strauss'],
  ['  Zoe\u0301  ', 'zoe'],
  ['Ὀδυσσεύς', 'οδυσσευς'],
  ['100%_\\', '100'],
])('%s → %s', (name, folded) => {
  expect(foldName(name)).toBe(folded);
});
