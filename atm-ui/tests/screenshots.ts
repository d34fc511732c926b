/** `npm run screenshots`: every screen of the kiosk, in both languages and sizes, into docs/screens/, on a bank of its own. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newBankFolder } from '../../operations/tests/start.suite.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { openKiosk } from './support/browser.ts';
import { walk } from './support/tour.ts';

const folder = fileURLToPath(new URL('../../docs/screens', import.meta.url));
const sizes = [
  { width: 1024, height: 768 },
  { width: 1920, height: 1080 },
];

rmSync(folder, { recursive: true, force: true });
const place = await newBankFolder();
const bank = place.start();
while (!bank.said().includes('The bank is open')) await new Promise((resolve) => setTimeout(resolve, 200));
const browser = await launchBrowser();
/** One of the sample bank's for each walk, since a lock lasts. */
const toLock = ['100007', '100008', '100009', '100010'];
try {
  for (const language of ['fr', 'en'] as const) {
    for (const { width, height } of sizes) {
      const into = join(folder, language, `${String(width)}x${String(height)}`);
      mkdirSync(into, { recursive: true });
      const origin = `https://localhost:${place.env['PORT'] ?? ''}`;
      const { page, context } = await openKiosk(browser, origin, { width, height, language });
      await page.emulateMedia({ reducedMotion: 'reduce' });
      let number = 0;
      await walk({
        ...{ page, language, account: '100001', pin: '4821', other: '100003', toLock: toLock.shift() ?? '' },
        async visit(name) {
          number += 1;
          const path = join(into, `${String(number).padStart(2, '0')}-${name}.jpg`);
          await page.screenshot({ path, type: 'jpeg', quality: 72, fullPage: true });
        },
      });
      console.log(`${String(number)} screens in ${into}`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await place.clear();
}
