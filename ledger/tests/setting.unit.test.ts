/** A setting comes from its variable or from a file, and a file that is not there is a sentence. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setting } from '../src/setting.ts';

test('from the variable, from the file that wins over it, or not at all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-setting-'));
  const path = join(folder, 'url');
  writeFileSync(path, 'from the file\n');
  expect(setting({ URL: 'from the variable' }, 'URL')).toBe('from the variable');
  expect(setting({ URL: 'from the variable', URL_FILE: path }, 'URL')).toBe('from the file');
  expect(setting({ URL: '', URL_FILE: '' }, 'URL')).toBeUndefined();
  writeFileSync(path, '\n');
  expect(setting({ URL_FILE: path }, 'URL')).toBeUndefined();
  rmSync(folder, { recursive: true });
  expect(() => setting({ URL_FILE: path }, 'URL')).toThrow(`URL_FILE is "${path}", but that file cannot be read.`);
});
