/** The policy as the bank names it to whoever checks a receipt: its log's key and the witnesses, without their addresses. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePolicy } from '../../../ledger/src/transparency/policy.ts';

type Sources = {
  /** See `Config`. */
  readonly policyFile: string | undefined;
  readonly stateDir: string;
  /** The log's key, from outside the database where it is known there. */
  readonly vkey: string | undefined;
};

/** Undefined where the bank can name none: no key is known yet, or the file of the policy cannot be read. */
export async function namedPolicy({ policyFile, stateDir, vkey }: Sources): Promise<string | undefined> {
  const file = policyFile ?? join(stateDir, 'log-policy');
  const written = await readFile(file, 'utf8').catch((error: unknown) =>
    // Where nobody wrote one, the log is signed and not witnessed.
    policyFile === undefined && isMissing(error) ? 'quorum none\n' : undefined,
  );
  if (written === undefined) return undefined;
  const lines = written
    .split('\n')
    .map((line) => line.split(/[ \t]+/).filter((word) => word !== ''))
    .filter(([keyword = '#']) => !keyword.startsWith('#'))
    .map((words) => words.slice(0, mostWords[words[0] ?? '']).join(' '));
  const hasLog = lines.some((line) => line.startsWith('log '));
  if (!hasLog && vkey === undefined) return undefined;
  const text = [...(hasLog ? [] : [`log ${String(vkey)}`]), ...lines, ''].join('\n');
  try {
    parsePolicy(text, file);
    return text;
  } catch {
    // The signer and the verification say what is wrong with it.
    return undefined;
  }
}

/** An address may be of the bank's own network, and is nobody else's business. */
const mostWords: Readonly<Record<string, number>> = { log: 2, witness: 3 };

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
