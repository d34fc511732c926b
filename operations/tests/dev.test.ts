/** `npm run dev` as a maintainer meets it: one address, screens from their sources, and every change taken up at once. */
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../../tests/support/chromium.ts';
import type { BankFolder, StartedBank } from './start.suite.ts';
import { freePort } from '../src/free-port.ts';
import { isOpen, newBankFolder, processesIn, until } from './start.suite.ts';

let bankFolder: BankFolder;
let bank: StartedBank;
let inspectorPort: number;
let browser: Browser;
beforeAll(async () => {
  bankFolder = await newBankFolder();
  inspectorPort = await freePort();
  bank = bankFolder.start({ script: 'dev', args: ['--inspect', `server=${String(inspectorPort)}`] });
  browser = await launchBrowser();
  await isOpen(bank);
});
afterAll(async () => {
  await browser.close();
  await bankFolder.clear();
});

const origin = (): string => `https://localhost:${bankFolder.env['PORT'] ?? ''}`;

async function get(
  path: string,
): Promise<{ readonly status: number; readonly csp: string | null; readonly text: string }> {
  const ca = readFileSync(join(bankFolder.env['CERTS_DIR'] ?? '', 'ca.crt'), 'utf8');
  const agent = new Agent({ connect: { ca } });
  const answer = await fetch(`${origin()}${path}`, { dispatcher: agent, redirect: 'manual' });
  const text = await answer.text();
  await agent.close();
  return { status: answer.status, csp: answer.headers.get('content-security-policy'), text };
}

test.each(['atm', 'admin'])(
  'the screen of /%s/ comes from its sources, its socket through the same port',
  async (name) => {
    expect((await get(`/${name}`)).status).toBe(308);
    expect((await get(`/${name}/`)).text).toContain(`/${name}/src/main.ts`);
    const page = await browser.newPage({ ignoreHTTPSErrors: true, locale: 'en' });
    const socket = page.waitForEvent('websocket');
    const connected = page.waitForEvent('console', (message) => message.text() === '[vite] connected.');
    await page.goto(`${origin()}/${name}/`);
    expect((await socket).url()).toMatch(`wss://localhost:${bankFolder.env['PORT'] ?? ''}/${name}/`);
    await connected;
    // The page is drawn: what it asks of the bank is answered, under its own address.
    await page.locator('button').first().waitFor();
    await page.close();
  },
);

test('the API answers under the same address, with the policy of the server', async () => {
  const [, accountNumber, pin] = /sample account +(\d+), PIN (\d{4})/.exec(bank.said()) ?? [];
  const session = await bank.call('/api/v1/sessions', { body: { accountNumber, pin } });
  expect(session.status).toBe(201);
  expect((await get('/')).csp).toContain("default-src 'none'");
});

test.each(['certs/README.md', 'package.json', 'server/src/secrets.ts'])(
  '%s, of which no screen is made, is not given out',
  async (path) => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    expect((await get(`/atm/@fs${join(root, path)}`)).status).toBe(403);
  },
);

const serverMain = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url));
const log = (): string => readFileSync(join(bankFolder.env['STATE_DIR'] ?? '', 'server.log'), 'utf8');
const starts = (): number => log().split('"the server listens"').length - 1;

test('a debugger may attach to the server', async () => {
  const answer = await fetch(`http://127.0.0.1:${String(inspectorPort)}/json/list`);
  expect(await answer.text()).toContain('server/src/main.ts');
});

test('when a file of the server changes it ends in order and starts again, behind the same address', async () => {
  const before = starts();
  utimesSync(serverMain, new Date(), new Date());
  await until(() => starts() === before + 1);
  expect(log()).toContain('"the server ends"');
  await until(async () => (await bank.call('/health/ready')).status === 200);
});

test('killed, it takes its processes with it', async () => {
  const own = await newBankFolder();
  const killed = own.start({ script: 'dev' });
  await isOpen(killed);
  const running = (): number => processesIn(own.folder).length;
  const withServers = running();
  killed.process.kill('SIGKILL');
  // PostgreSQL stays: the next start finds it.
  const mains = (): boolean =>
    processesIn(own.folder).some((pid) => readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('src/main.ts'));
  await until(() => !mains());
  expect(running()).toBeLessThan(withServers);
  await own.clear();
});

test('Ctrl-C ends all of it', async () => {
  bank.process.kill('SIGINT');
  expect(await bank.ended).toBe(0);
  await until(() => processesIn(bankFolder.folder).length === 0);
});
