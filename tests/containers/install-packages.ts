/** Before the tests in containers: installs the packages that only they need, where there may be a Docker engine. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mayHaveEngine } from './engine-address.ts';

export default function setup(): void {
  if (!mayHaveEngine()) return;
  const folder = fileURLToPath(new URL('.', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'install-packages', '--prefix', folder], { stdio: 'inherit' });
}
