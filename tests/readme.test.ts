/** The README's tour, pasted line by line into a shell beside a bank that was just started. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../operations/src/free-port.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('every line of the tour does what it says', { timeout: 120_000 }, async (context) => {
  if (spawnSync('curl', ['--version']).status !== 0) context.skip('needs curl');
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-readme-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const settings = { STATE_DIR: join(folder, 'var'), CERTS_DIR: join(folder, 'certs'), PORT: String(port) };
  const bank = spawn(process.execPath, [join(root, 'scripts/start.ts')], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    for await (const chunk of bank.stdout) {
      said += String(chunk);
      if (said.includes('Ctrl-C')) break;
    }
    const password = /password (\S+)/.exec(said)?.[1] ?? '';
    for (const { line, answer } of paste(tour(), { folder, port, password })) {
      if (/# (refused|rejected)$/.test(line)) expect(answer, line).toContain('"code":"insufficient_funds"');
      else expect(answer, line).not.toMatch(/"status":[45]\d\d|curl:|command not found|error/i);
    }
  } finally {
    bank.kill('SIGINT');
    await once(bank, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The lines of all shell blocks below the tour's heading. */
function tour(): readonly string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const section = readme.split('## A tour with curl')[1]?.split('\n## ')[0] ?? '';
  const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)];
  return blocks.flatMap(([, block = '']) => block.trim().split('\n'));
}

/** One shell for all lines, as in a terminal; the bank of the test instead of the one a reader has. */
function paste(
  lines: readonly string[],
  { folder, port, password }: { readonly folder: string; readonly port: number; readonly password: string },
): readonly { readonly line: string; readonly answer: string }[] {
  const mark = '----- next line -----';
  const script = lines
    .map((line) => (line.startsWith('read ') ? `password='${password}'` : line))
    .map((line) => `${line.replaceAll('localhost:5001', `localhost:${String(port)}`)}\necho '${mark}'`)
    .join('\n');
  const { stdout, stderr } = spawnSync('bash', ['-c', `exec 2>&1\n${script}`], { cwd: folder, encoding: 'utf8' });
  const answers = `${stdout}${stderr}`.split(mark);
  expect(answers).toHaveLength(lines.length + 1);
  return lines.map((line, index) => ({ line, answer: answers[index] ?? '' }));
}
