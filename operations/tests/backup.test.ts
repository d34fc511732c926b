/** Backups and restores: nothing acknowledged is lost, and what does not fit is said before anything is touched. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSecrets } from '../../server/src/secrets.ts';
import type { Manifest } from '../src/backup/manifest.ts';
import { digestOf, manifestFile } from '../src/backup/manifest.ts';
import { ensureCertificates } from '../src/certificates/ensure.ts';
import { openDatabase } from '../src/database.ts';
import { restoreDrill } from '../src/drill/restore.ts';
import { ensureLogIns } from '../src/log-in-roles.ts';
import { readConfig } from '../../server/src/config.ts';

let folder: string;
let backup: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-backup-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'passphrase'), 'correct horse battery\n');
  const config = readConfig(settings('bank'));
  await ensureCertificates(config.certsDir, Date.now());
  const { url, release } = await openDatabase(config);
  await loadSecrets(config.stateDir, (await ensureLogIns(url, config)).server);
  const { code, said } = await run('backup', 'bank', '--to', join(folder, 'backups'), ...passphrase());
  await release();
  expect(said).toMatch(/^The backup is in \S+: everything up to position 0\.$/m);
  expect(code).toBe(0);
  backup = join(folder, 'backups', readdirSync(join(folder, 'backups'))[0] ?? '');
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const settings = (bank: string): Record<string, string> => ({
  STATE_DIR: join(folder, bank, 'var'),
  CERTS_DIR: join(folder, bank, 'certs'),
});
const passphrase = (name = 'passphrase'): readonly string[] => ['--passphrase-file', join(folder, name)];

async function run(
  script: 'backup' | 'restore',
  bank: string,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly said: string }> {
  const path = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  const env = { PATH: process.env['PATH'], ...settings(bank) };
  return promisify(execFile)(process.execPath, [path, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: unknown) => {
      const failed = error as { code: number; stdout: string; stderr: string };
      return { code: failed.code, said: failed.stdout + failed.stderr };
    },
  );
}

test(
  'the drill: under load, nothing acknowledged is lost, and a point in time is exactly that',
  { timeout: 600_000 },
  async () => {
    const { restored, acknowledged } = await restoreDrill({ commands: 100, onStep: () => undefined });
    expect(acknowledged).toBeGreaterThanOrEqual(300);
    expect(restored.map(({ what, differences }) => ({ what, differences }))).toEqual(
      restored.map(({ what }) => ({ what, differences: [] })),
    );
    expect(restored).toHaveLength(4);
  },
);

test('a backup holds no secret in clear, and only its owner may read it', () => {
  const secret = readFileSync(join(folder, 'bank', 'var', 'secrets', 'master.key'), 'utf8');
  const key = readFileSync(join(folder, 'bank', 'certs', 'ca.key'), 'utf8').split('\n')[1] ?? '';
  for (const name of readdirSync(backup)) {
    const content = readFileSync(join(backup, name), 'latin1');
    for (const what of [secret, key, 'correct horse']) expect(content).not.toContain(what);
  }
  expect(readdirSync(backup).sort()).toEqual(['backup_manifest', 'base.tar.gz', 'manifest.json', 'secrets.sealed']);
});

describe('what cannot be restored is said, and nothing is touched', () => {
  async function failure(bank: string, ...args: readonly string[]): Promise<string> {
    const before = existsSync(join(folder, bank)) ? readdirSync(join(folder, bank), { recursive: true }).sort() : [];
    const { code, said } = await run('restore', bank, ...args);
    expect(code).toBe(1);
    const after = existsSync(join(folder, bank)) ? readdirSync(join(folder, bank), { recursive: true }).sort() : [];
    expect(after).toEqual(before);
    return said.replace('Checking the backup …\n', '').trim();
  }
  function copyOf(name: string): string {
    const copy = join(folder, name);
    cpSync(backup, copy, { recursive: true });
    return copy;
  }

  test('a folder that is no backup', async () => {
    expect(await failure('new', '--from', folder, ...passphrase())).toMatch(/is no backup of this bank's form/);
  });

  test('another passphrase', async () => {
    writeFileSync(join(folder, 'other'), 'incorrect horse battery');
    expect(await failure('new', '--from', backup, ...passphrase('other'))).toBe(
      'The secrets of the backup do not open: the passphrase is another one, or the file was altered.',
    );
  });

  test.each(['base.tar.gz', 'backup_manifest', 'secrets.sealed'])('an altered %s', async (name) => {
    const copy = copyOf(`altered-${name}`);
    const content = readFileSync(join(copy, name));
    const at = content.length >> 1;
    content.writeUInt8(content.readUInt8(at) ^ 1, at);
    writeFileSync(join(copy, name), content);
    expect(await failure('new', '--from', copy, ...passphrase())).toMatch(
      new RegExp(`^The backup \\S+ is damaged: ${name} is not what was written`),
    );
  });

  test('a database that was exchanged together with its digest', async () => {
    const copy = copyOf('exchanged');
    writeFileSync(join(copy, 'base.tar.gz'), 'another');
    const manifest = JSON.parse(readFileSync(join(copy, manifestFile), 'utf8')) as Manifest;
    const digest = await digestOf(copy, 'base.tar.gz');
    const files = manifest.files.map((file) => (file.name === digest.name ? digest : file));
    writeFileSync(join(copy, manifestFile), JSON.stringify({ ...manifest, files }));
    expect(await failure('new', '--from', copy, ...passphrase())).toMatch(/is not the one that it was made with/);
  });

  test('a state folder that holds a bank', async () => {
    expect(await failure('bank', '--from', backup, ...passphrase())).toMatch(/^There is a bank in \S+ already: /);
  });

  test('certificates that are there already', async () => {
    mkdirSync(join(folder, 'half', 'certs'), { recursive: true });
    writeFileSync(join(folder, 'half', 'certs', 'ca.crt'), 'mine');
    expect(await failure('half', '--from', backup, ...passphrase())).toMatch(/ca\.crt is there already: /);
  });

  test.each([
    [['--until', 'yesterday'], /^--until is "yesterday", but must be a time with its zone or a position\./],
    [['--until', '2026-01-31T09:30:00'], /must be a time with its zone/],
    [['--until', '7'], /^--until needs --wal/],
    [['--passphrase-file', '/nowhere'], /^The passphrase file \/nowhere cannot be read\.$/],
  ])('%j', async (args, sentence) => {
    expect(await failure('new', '--from', backup, ...passphrase(), ...args)).toMatch(sentence);
  });
});

test('a passphrase that is too short, and none at all where nobody can be asked', async () => {
  writeFileSync(join(folder, 'short'), 'too short');
  const to = ['--to', join(folder, 'none')];
  expect((await run('backup', 'bank', ...to, ...passphrase('short'))).said).toMatch(/at least 12 characters/);
  expect((await run('backup', 'bank', ...to)).said).toMatch(/give --passphrase-file/);
  expect(existsSync(join(folder, 'none'))).toBe(false);
});
