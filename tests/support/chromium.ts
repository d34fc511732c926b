/** A real browser: the Chromium that is installed, else the one that npm brings. */
import chromium from '@sparticuz/chromium';
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium as playwright } from 'playwright-core';

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const quiet = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking']
  .concat(['disable-component-update', 'disable-sync', 'disable-dev-shm-usage'])
  .map((flag) => `--${flag}`);

export async function launchBrowser(): Promise<Browser> {
  const executablePath = installed.find((path) => existsSync(path)) ?? (await chromium.executablePath());
  return playwright.launch({ executablePath, args: quiet, headless: true });
}
