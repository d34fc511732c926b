/** The passphrase of a backup: from a file or typed unseen, never from the command line, which every account can read. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failure } from '../../../ledger/src/failure.ts';

const fewestCharacters = 12;

/** `isNew`: typed twice. Throws a `Failure`. */
export async function readPassphrase(
  file: string | undefined,
  { isNew }: { readonly isNew: boolean },
): Promise<string> {
  const passphrase = file === undefined ? await ask('Passphrase of the backup: ') : fromFile(file);
  if (isNew && passphrase.length < fewestCharacters) {
    throw new Failure(`A passphrase has at least ${String(fewestCharacters)} characters: choose a longer one.`);
  }
  if (file === undefined && isNew && (await ask('The same again: ')) !== passphrase) {
    throw new Failure('The two passphrases differ: begin again.');
  }
  return passphrase;
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new Failure(`The passphrase file ${file} cannot be read.`);
  }
}

async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new Failure('There is no terminal to ask for the passphrase: give --passphrase-file.');
  process.stderr.write(question);
  const unseen = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
