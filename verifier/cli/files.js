/** Files as the checks take them: one by its path or from standard input, and a log's folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../src/index.js';

/** A receipt or a policy is some kilobytes. */
const maxInputLength = 1_048_576;

/** @param {string} path `-` is standard input @returns {Promise<Uint8Array | Failure>} */
export async function readInput(path) {
  const bytes = path === '-' ? await readStandardInput() : await readIfThere(path);
  if (bytes === undefined) return new Failure('unreadable', `${path} cannot be read: is it there, and a file?`);
  if (bytes.length > maxInputLength)
    return new Failure('unreadable', `${path} is longer than ${maxInputLength} bytes.`);
  return bytes;
}

async function readStandardInput() {
  /** @type {Buffer[]} */
  const chunks = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxInputLength) break;
  }
  return Buffer.concat(chunks);
}

/** @param {string} path */
async function readIfThere(path) {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES'].includes(code)) return undefined;
    throw error;
  }
}

/** @param {string} folder @returns {import('../src/tiles.js').Read} */
export const readerOf = (folder) => (path) => readIfThere(join(folder, path));
