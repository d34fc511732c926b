/** The version of the bank's programs, from the project's own manifest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './configuration.ts';

export function bankVersion(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
