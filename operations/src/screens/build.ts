/** Builds the screens that the server serves, when there are none yet or what they are made of has changed. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Failure } from '../../../ledger/src/failure.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A screen's folder, the page it is built to, and what else it is made of. */
const screens = [
  {
    folder: 'atm-ui',
    page: 'atm-ui/dist/index.html',
    from: ['atm-ui/src', 'atm-ui/index.html', 'atm-ui/vite.config.ts', 'ledger/src/domain', 'api/src'],
  },
  {
    folder: 'admin-ui',
    page: 'admin-ui/dist/index.html',
    from: ['admin-ui/src', 'admin-ui/index.html', 'admin-ui/vite.config.ts', 'ledger/src/domain', 'api/src'],
  },
  {
    folder: 'verifier',
    page: 'verifier/dist/served.html',
    from: ['verifier/src', 'verifier/page'],
  },
] as const;
/** A newer package may build something else. */
const always = ['package-lock.json'];

/** Milliseconds since 1970 of the newest file. */
function newest(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Throws `Failure`. */
export const ensureScreens = (): Promise<void> => ensure(screens);

/** The only one that the server serves under development, too. Throws `Failure`. */
export const ensureVerifierPage = (): Promise<void> => ensure(screens.filter(({ folder }) => folder === 'verifier'));

async function ensure(wanted: readonly (typeof screens)[number][]): Promise<void> {
  for (const { folder, page: name, from } of wanted) {
    const page = join(root, name);
    const sources = [...from, ...always].map((path) => join(root, path)).filter((path) => existsSync(path));
    if (existsSync(page) && statSync(page).mtimeMs >= Math.max(...sources.map(newest))) continue;
    console.log(`Building the screens of ${folder} …`);
    await build(folder, page);
  }
}

async function build(folder: string, page: string): Promise<void> {
  try {
    if (folder === 'verifier') {
      await buildVerifierPage(page);
      return;
    }
    // Only here: where the screens are built already, no builder is needed.
    const { build: viteBuild } = await import('vite');
    await viteBuild({ configFile: join(root, folder, 'vite.config.ts'), logLevel: 'error' });
    compress(join(root, folder, 'dist'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `The screens of ${folder} cannot be built (${reason}): run npm ci, and make ${folder}/dist writable.`,
    );
  }
}

/** By the verifier's own command: nothing of the bank imports the verifier. */
const buildVerifierPage = (page: string) =>
  promisify(execFile)(process.execPath, [join(root, 'verifier/page/build.js'), '--to', page], {
    timeout: verifierDeadlineMs,
  });

/** A busy machine takes a few seconds. */
const verifierDeadlineMs = 120_000;

/** Once, as well as it goes, so that the server never has to. */
function compress(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/[.](html|js|css|svg)$/.test(name)) continue;
    const path = join(folder, name);
    const content = readFileSync(path);
    writeFileSync(`${path}.br`, brotliCompressSync(content));
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
}
