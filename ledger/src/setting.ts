/** A setting: an environment variable, or the content of the file that the variable's name with `_FILE` names. */
import { readFileSync } from 'node:fs';
import { Failure } from './failure.ts';

/**
 * The value of `name`, undefined when it is empty or missing. What holds a password is better in a file than in an
 * environment that every child and every crash report sees. Throws `Failure`.
 */
export function setting(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const path = env[`${name}_FILE`] ?? '';
  const text = path === '' ? env[name] : read(`${name}_FILE`, path);
  return text === '' ? undefined : text;
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Failure(`${name} is "${path}", but that file cannot be read.`);
  }
}
