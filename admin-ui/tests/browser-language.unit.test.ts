/** Whatever a browser says its language is, a number format can be made of what the console takes it for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usableLanguage } from '../src/components/browser-language.ts';

test.each([
  ['fr-FR', 'fr-FR'],
  ['en-GB', 'en-GB'],
  ['zh-Hans-CN-u-nu-hanidec', 'zh-Hans-CN-u-nu-hanidec'],
  ['', 'fr'],
  ['C', 'fr'],
  ['x', 'fr'],
  ['en-US@posix', 'fr'],
  ['en_US', 'fr'],
  ['fr-FR@euro', 'fr'],
  ['not a language', 'fr'],
  [null, 'fr'],
])('%j is taken for %j', (said, language) => {
  expect(usableLanguage(said)).toBe(language);
});

test('a browser that says nothing is taken for what it formats in by itself', () => {
  expect(usableLanguage(undefined)).toBe(new Intl.NumberFormat().resolvedOptions().locale);
});

test('no text whatever breaks a number format', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z]{1,3}([-_@.][a-zA-Z0-9]{1,8}){0,3}$/)), (said) => {
      expect(new Intl.NumberFormat(usableLanguage(said)).format(1.5)).not.toBe('');
    }),
  );
});
