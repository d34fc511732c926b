/** Makes the page one HTML file, which a browser opens without a network: `npm run verifier-page [-- --policy FILE] [--to FILE]`. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';

/** @param {string} name */
const inFolder = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @param {string} text */
const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** @param {string} [policy] whose text is there already when the page opens */
export async function buildPage(policy = '') {
  const built = await build({
    ...{ root: inFolder('.'), configFile: false, logLevel: 'warn' },
    build: {
      write: false,
      minify: false,
      lib: { entry: 'page.js', formats: ['iife'], name: 'page', fileName: 'page' },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  const chunk = 'output' in bundle ? bundle.output[0] : undefined;
  if (chunk?.code === undefined) throw new Error('The page\u2019s script was not built.');
  // Unminified: whoever trusts nobody can read it.
  const script = `\n${chunk.code.replaceAll('</script', '<\\/script')}\n`;
  const style = `\n${readFileSync(inFolder('page.css'), 'utf8')}\n`;
  // Nothing but this script and this style: the page cannot send anything anywhere.
  const content = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`;
  return readFileSync(inFolder('page.html'), 'utf8')
    .replace(
      '<meta name="viewport"',
      () => `<meta http-equiv="Content-Security-Policy" content="${content}" />\n    <meta name="viewport"`,
    )
    .replace(/<style>[^]*<\/style>/, () => `<style>${style}</style>`)
    .replace(/<script>[^]*<\/script>/, () => `<script>${script}</script>`)
    .replace(/(<textarea\s+id="policy"[^>]*>)/, (tag) => tag + policy.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { policy: { type: 'string' }, to: { type: 'string' } } });
  const file = values.to ?? fileURLToPath(new URL('../dist/verifier.html', import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await buildPage(values.policy === undefined ? '' : readFileSync(values.policy, 'utf8')));
  console.log(`${file} opens in any browser, without a network.`);
}
