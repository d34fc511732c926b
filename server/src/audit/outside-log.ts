/** What is known of the transparency log outside the database: the key, the checkpoint that the last verification saw, and what the policy's witnesses cosigned. */
import { hash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readAtMost } from '../../../ledger/src/bounded-body.ts';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import { replaceFile } from '../../../ledger/src/replace-file.ts';
import type { Checkpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { cosignedAt, openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import type { VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { parseVkey, vkeyOf } from '../../../ledger/src/transparency/note.ts';
import type { Policy, Witness } from '../../../ledger/src/transparency/policy.ts';
import { readPolicy } from '../../../ledger/src/transparency/policy-file.ts';

const rememberedShape = z.strictObject({
  vkey: z.string(),
  size: z.int().min(0),
  root: z.hex().length(64),
  cosignedSize: z.int().min(0),
});
/** Of the last verification that found the log in order. */
export type RememberedLog = z.infer<typeof rememberedShape>;

export type WitnessAnswer = { readonly witness: string } & (
  | { readonly is: 'cosigned'; readonly checkpoint: Pick<Checkpoint, 'size' | 'root'> }
  | { readonly is: 'never cosigned' | 'silent' | 'contradicts' }
);

export type OutsideLog = {
  /** Undefined until a verification has seen a log, unless LOG_VKEY says it. */
  readonly key: VerifierKey | undefined;
  readonly remembered: RememberedLog | undefined;
  readonly policy: Policy | undefined;
  readonly answers: readonly WitnessAnswer[];
};

/** Of a bank that was restored elsewhere: what others saw later is no difference there. */
export const nothingKnownOutside: OutsideLog = {
  key: undefined,
  remembered: undefined,
  policy: undefined,
  answers: [],
};

export type OutsideLogSettings = {
  readonly stateDir: string;
  readonly policyFile: string | undefined;
  readonly vkey: string | undefined;
};

const answerMs = 3_000;
const mostAnswerBytes = 65_536;

const pathOf = (stateDir: string): string => join(stateDir, 'log-seen.json');

/** Throws a `Failure` for a file that cannot be read. Witnesses that are away are answers, too. */
export async function readOutsideLog(settings: OutsideLogSettings, signal: AbortSignal): Promise<OutsideLog> {
  const policy = readPolicy(settings);
  const remembered = await readRemembered(settings.stateDir);
  const vkey = settings.vkey ?? remembered?.vkey;
  const key = vkey === undefined ? undefined : parseVkey(vkey);
  if (vkey !== undefined && key === undefined)
    throw new Failure(`"${vkey}" is no verifier key of a log: set LOG_VKEY.`);
  const answers = key === undefined ? [] : await askAll(policy?.witnesses ?? [], key, signal);
  return { key, remembered, policy, answers };
}

async function readRemembered(stateDir: string): Promise<RememberedLog | undefined> {
  const path = pathOf(stateDir);
  try {
    return rememberedShape.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new Failure(
      `${path} cannot be read: bring it back from a backup, or delete it and set LOG_VKEY to the log’s key.`,
    );
  }
}

export const rememberLog = (stateDir: string, seen: RememberedLog): Promise<void> =>
  replaceFile(pathOf(stateDir), `${JSON.stringify(seen)}\n`, 0o600);

/** A new log is begun on purpose: the next verification takes the key that it finds. */
export const forgetLog = (stateDir: string): Promise<void> => rm(pathOf(stateDir), { force: true });

const askAll = (witnesses: readonly Witness[], key: VerifierKey, signal: AbortSignal) =>
  Promise.all(witnesses.filter(({ url }) => url !== undefined).map((one) => ask(one, key, signal)));

/** c2sp.org/tlog-witness: `GET <prefix>/<SHA-256 of the origin>/checkpoint` tells what was cosigned last. */
async function ask(witness: Witness, key: VerifierKey, signal: AbortSignal): Promise<WitnessAnswer> {
  const { name } = witness;
  try {
    const from = `${(witness.url ?? '').replace(/\/$/, '')}/${hash('sha256', key.name)}/checkpoint`;
    const response = await fetch(from, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      redirect: 'error',
    });
    if (response.status === 404) return { witness: name, is: 'never cosigned' };
    const text = await readAtMost(response, mostAnswerBytes);
    if (response.status !== 200 || text === undefined) return { witness: name, is: 'silent' };
    const opened = openCheckpoint(text, key);
    const isTheirs = opened?.note.signatures.some(
      (line) => cosignedAt(line, witness.key, opened.note.text) !== undefined,
    );
    if (opened === undefined || isTheirs !== true) return { witness: name, is: 'contradicts' };
    return { witness: name, is: 'cosigned', checkpoint: opened };
  } catch {
    signal.throwIfAborted();
    return { witness: name, is: 'silent' };
  }
}

/** What the next verification compares with. */
export const seenLog = (
  key: VerifierKey,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
  cosignedSize: number,
): RememberedLog => ({ vkey: vkeyOf(key), size, root: root.toString('hex'), cosignedSize });
