/** The sealed secrets of a backup: all or nothing comes out, and nothing is written outside its folders. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSecrets, readSecretFiles, sealSecrets } from '../src/backup/sealed-secrets.ts';

const place = mkdtempSync(join(tmpdir(), 'grand-livre-'));
afterAll(() => {
  rmSync(place, { recursive: true });
});

const sealed = (name: string) => ({ files: [{ folder: 'secrets' as const, name, content: 'YQ==' }], digests: {} });
const passphrase = 'Zoé’s long passphrase';

test('what was sealed opens with the passphrase, in whichever form of Unicode it is typed', async () => {
  const text = await sealSecrets(sealed('pin.key'), passphrase.normalize('NFD'));
  expect(await openSecrets(text, passphrase)).toEqual(sealed('pin.key'));
  expect(text).not.toContain('pin.key');
  await expect(openSecrets(text, 'another')).rejects.toThrow('do not open');
  await expect(openSecrets(text.replace(/"sealed":"./, '"sealed":"_'), passphrase)).rejects.toThrow('do not open');
});

test.each(['../pin.key', 'a/../b', '/etc/passwd'])(
  'a file called %j leads out of its folder, and nothing of the backup opens',
  async (name) => {
    await expect(openSecrets(await sealSecrets(sealed(name), passphrase), passphrase)).rejects.toThrow('do not open');
  },
);

test('a file whose name cannot be kept is named, not left out', () => {
  const [secrets, certs] = [join(place, 'secrets'), join(place, 'certs')];
  mkdirSync(join(certs, 'terminals'), { recursive: true });
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'pin.key'), 'a');
  writeFileSync(join(certs, 'terminals', 'kiosk-1.p12'), 'b');
  writeFileSync(join(certs, 'README.md'), 'c');
  writeFileSync(join(certs, '.gitignore'), 'd');
  const folders = { secrets, certs, ca: certs };
  expect(readSecretFiles(folders).map(({ folder, name }) => `${folder}/${name}`)).toEqual([
    'secrets/pin.key',
    'certs/terminals/kiosk-1.p12',
  ]);
  writeFileSync(join(certs, 'server (1).crt'), 'e');
  expect(() => readSecretFiles(folders)).toThrow(/server \(1\)\.crt cannot be backed up under its name/);
});
