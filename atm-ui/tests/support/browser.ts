/** The kiosk's page, in a browser profile of its own. */
import type { Browser, BrowserContext, Page } from 'playwright-core';

/** Runs in the page: records what the voice says, and lets it speak. */
const listen = `
  globalThis.spoken = [];
  const speak = speechSynthesis.speak.bind(speechSynthesis);
  speechSynthesis.speak = (utterance) => {
    spoken.push(utterance.lang + ': ' + utterance.text);
    speak(utterance);
  };
`;

export type Kiosk = {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong in the page that nobody caught, and every request to another host. */
  readonly faults: readonly string[];
};

/** The kiosk's page in a browser profile of its own. The voice is listened to: `spoken` in the page has what it said. */
export async function openKiosk(
  browser: Browser,
  origin: string,
  options: {
    readonly width?: number;
    readonly height?: number;
    readonly language?: 'fr' | 'en';
    /** Before the page is opened. */
    readonly prepare?: (page: Page) => Promise<void>;
  } = {},
): Promise<Kiosk> {
  const { width = 1024, height = 768, language = 'fr', prepare } = options;
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height } });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A rejection is an answer like any other; the browser notes its status all the same.
    const isStatus = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isStatus) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(?:blob|data):/.test(request.url()) && new URL(request.url()).origin !== origin) faults.push(request.url());
  });
  await page.addInitScript(listen);
  await prepare?.(page);
  await page.goto(`${origin}/atm/`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  if (language === 'en') await page.getByRole('button', { name: 'English' }).click();
  return { context, page, faults };
}
