/** A real browser: the one that CHROMIUM names (a path, or `npm`), else the one npm brings, else an installed Chromium. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { chromium as playwright } from 'playwright-core';

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** The one of npm is made for Linux on x64. Without a window it opens a page in a third of the time of a whole Chromium. */
const isMadeByNpm = process.platform === 'linux' && process.arch === 'x64';
const quiet = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking']
  .concat(['disable-component-update', 'disable-sync', 'disable-dev-shm-usage'])
  // npm's Chromium scrolls at once, a whole one by steps: a busy machine may pause between two of them.
  .concat('disable-smooth-scrolling')
  .map((flag) => `--${flag}`);

export async function launchBrowser(): Promise<Browser> {
  const chosen =
    process.env['CHROMIUM'] ?? (isMadeByNpm ? 'npm' : (installed.find((path) => existsSync(path)) ?? 'npm'));
  const executablePath = chosen === 'npm' ? await fromNpm() : chosen;
  return playwright.launch({ executablePath, args: quiet, headless: true });
}

/** Unpacked once for each version and account of the machine: what another account unpacked cannot be run. */
async function fromNpm(): Promise<string> {
  const project = createRequire(import.meta.url)('../../package.json') as { devDependencies: Record<string, string> };
  const version = project.devDependencies['@sparticuz/chromium'] ?? '';
  const folder = join(tmpdir(), `grand-livre-chromium-${version}-${String(process.getuid?.())}`);
  if (!existsSync(folder)) await unpackInto(folder);
  return join(folder, 'chromium');
}

/** Under another name first: a test file that runs at the same time never starts half a browser. */
async function unpackInto(folder: string): Promise<void> {
  const unfinished = mkdtempSync(`${folder}-`);
  const unpack = fileURLToPath(new URL('unpack-chromium.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [unpack], { env: { ...process.env, TMPDIR: unfinished } });
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}
