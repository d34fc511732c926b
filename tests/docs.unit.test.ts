/** What the documents point at is there: links between pages, and the tests they name. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', 'certs/README.md', 'data/README.md', ...globSync('docs/**/*.md', { cwd: root })];
const tests = globSync(['tests/**/*.test.ts', '*/tests/**/*.test.ts'], { cwd: root });

test.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to = '']) => join(root, dirname(page), to));
  expect(links.filter((path) => !existsSync(path))).toEqual([]);
  const named = [...text.matchAll(/`(?:([\w/-]+)\/tests\/)?([\w.-]+\.test\.ts)`/g)];
  const missing = named.filter(
    ([, room, name = '']) =>
      !tests.some((path) => path.startsWith(room === undefined ? '' : `${room}/tests/`) && path.endsWith(`/${name}`)),
  );
  expect(missing.map(([whole]) => whole)).toEqual([]);
});
