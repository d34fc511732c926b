/** Writes the evidence of one account over some days as a folder: each event's proof, what they fold to, and how to check it. */
import { hash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';
import { readPublishedLog, readTiles } from '../../../ledger/src/transparency/log-tables.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { noteText, signText, vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { prove } from '../../../server/src/log/prove.ts';
import type { Published } from '../../../server/src/log/published-log.ts';
import { forProofs } from '../../../server/src/log/published-log.ts';
import { nothingSigned } from '../nothing-signed.ts';
import type { Found, Range } from './find-events.ts';
import { findEvents } from './find-events.ts';

export type EvidenceOptions = {
  readonly pool: pg.Pool;
  readonly journal: Pick<Journal, 'read' | 'readAt'>;
  readonly account: string;
  readonly range: Range;
  /** A new or an empty folder. */
  readonly out: string;
  /** The log's key, where the command may read it: it signs the manifest. */
  readonly key: SigningKey | undefined;
  /** The text of the bank's policy. */
  readonly policy: string | undefined;
  readonly onProgress: OnProgress;
};

/** What the signature of a manifest begins with: no checkpoint's second line is a digest, so neither is taken for the other. */
const signedForm = 'grand-livre-evidence/v1';
const instructions = new URL('../../../docs/verifying.md', import.meta.url);

export type Evidence = { readonly eventCount: number; readonly size: number; readonly isSigned: boolean };

/** Throws a `Failure`. */
export async function writeEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { pool, journal, account, range, key, onProgress } = options;
  const published = forProofs(await readPublishedLog(pool));
  if (published === undefined) throw new Failure(nothingSigned);
  if (key !== undefined && vkeyOf(key) !== published.vkey) {
    throw new Failure(
      `The key here is not that of the log ${published.origin}: set LOG_SIGNING_KEY and LOG_ORIGIN to its own.`,
    );
  }
  const folder = new EvidenceFolder(options.out);
  const found = await findEvents({ journal, account, range, size: published.size, onProgress });
  await folder.begin();
  for (const [at, position] of found.positions.entries()) {
    const [event] = await journal.readAt([position]);
    const proof = event && (await prove({ tiles: (names) => readTiles(pool, names) }, event, account, published));
    if (proof === undefined) {
      throw new Failure(
        `Event ${String(position)} is not the one that was signed: verify the bank (console, Verification).`,
      );
    }
    await folder.write(`proofs/${String(position)}.tlog-proof`, proof.file);
    onProgress({ phase: 'proofs', done: at + 1, total: found.positions.length });
  }
  await folder.write('checkpoint', published.note);
  if (options.policy !== undefined) await folder.write('policy', options.policy);
  await folder.write('how-to-check.md', await readFile(instructions, 'utf8'));
  const manifest = manifestText(options, published, found, folder.digests);
  await folder.write('manifest.json', manifest);
  if (key !== undefined) await folder.write('manifest.signed', signedDigest(key, manifest));
  return { eventCount: found.positions.length, size: published.size, isSigned: key !== undefined };
}

const manifestText = (
  { account, range }: EvidenceOptions,
  { origin, size }: Published,
  { positions, before, after }: Found,
  files: Readonly<Record<string, string>>,
): string => {
  const { from, to, timeZone } = range;
  const recorded = { recordedFrom: toInstant(range.fromMs), recordedBefore: toInstant(range.beforeMs) };
  const what = { form: signedForm, log: origin, size, account, from, to, timeZone, ...recorded };
  return `${JSON.stringify({ ...what, before, after, positions, files }, undefined, 1)}\n`;
};

const toInstant = (ms: number): string => new Date(ms).toISOString();

function signedDigest(key: SigningKey, manifest: string): string {
  const text = `${signedForm}\n${hash('sha256', manifest)}\n`;
  return noteText({ text, signatures: [{ name: key.name, id: key.id, signature: signText(key, text) }] });
}

class EvidenceFolder {
  readonly #path: string;
  /** SHA-256 of each file, by its name. */
  readonly digests: Record<string, string> = {};

  constructor(path: string) {
    this.#path = path;
  }

  /** Throws a `Failure` where something is there already: what an earlier call wrote would be taken for evidence. */
  async begin(): Promise<void> {
    const there = await readdir(this.#path).catch((error: unknown) => {
      if (isCode(error, 'ENOENT')) return [];
      throw new Failure(`${this.#path} cannot be read as a folder (${String(error)}): give another one.`);
    });
    if (there.length > 0) throw new Failure(`${this.#path} is not empty: give a new folder with --out.`);
  }

  async write(name: string, content: string): Promise<void> {
    const path = join(this.#path, name);
    this.digests[name] = hash('sha256', content);
    try {
      await mkdir(dirname(path), { recursive: true, mode: privateFolderMode });
      await writeFile(path, content, { flag: 'wx', mode: privateFileMode });
    } catch (error) {
      throw new Failure(
        `${path} cannot be written (${String(error)}): make room or the right, or give another folder.`,
      );
    }
  }
}

/** What a customer did is for whoever asked for it. */
const privateFolderMode = 0o700;
const privateFileMode = 0o600;
