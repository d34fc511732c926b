/** Names as the search compares them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseName } from '../src/normalise-name.ts';

test.each([
  ['Ludovic BELLIARD', 'ludovic belliard'],
  ['Éloïse Müller-Çelik', 'eloise muller celik'],
  ["Anaïs L'Œuvre", 'anais l oeuvre'],
  ['Bjørn Strauß', 'bjorn strauss'],
  ['  Zoe\u0301  ', 'zoe'],
  ['Ὀδυσσεύς', 'οδυσσευσ'],
  ['100%_\\', '100'],
  ['IŞIK', 'isik'],
  ['ışık', 'isik'],
  ['İSMAİL', 'ismail'],
  ['ΣΟΦΟΣ', 'σοφοσ'],
  ['σοφός', 'σοφοσ'],
  ['STRAẞE', 'strasse'],
  ['Łukasz Wałęsa', 'lukasz walesa'],
  ['Ħal Għaxaq', 'hal ghaxaq'],
  ['Oʼneill', 'o neill'],
  ['O’Neill', 'o neill'],
  ['ЩЕРБАКОВ', 'щербаков'],
])('%s → %s', (name, normalised) => {
  expect(normaliseName(name)).toBe(normalised);
});

test('a name in capitals or small letters, composed or not, is the same name', () => {
  const letters = fc.string({
    unit: fc.constantFrom(...Array.from('aeiouçñżşıİIIſßẞœŒøŁłđĐþÞħŧŋσςΣΐΰάΆωйЙщЩъё’ʼ- .\u0301\u0327')),
    maxLength: 12,
  });
  fc.assert(
    fc.property(letters, (name) => {
      const normalised = normaliseName(name);
      expect(normalised).toMatch(/^(?:[\p{L}\p{N}]+(?: [\p{L}\p{N}]+)*)?$/u);
      for (const same of [
        ...[name.toUpperCase(), name.toLowerCase(), name.normalize('NFD'), name.normalize('NFC'), normalised],
      ]) {
        expect(normaliseName(same)).toBe(normalised);
      }
    }),
    { numRuns: 2_000 },
  );
});
