/** The evidence of a dispute, a folder of one account's proofs: each of them, that they follow from one another, and the manifest. */
import { equal, fromUtf8, toHex } from './bytes.js';
import { checkSignatures, parseCheckpoint } from './checkpoint.js';
import { member, toMembers } from './event.js';
import { Failure, unreadable } from './failure.js';
import { checkSigner, parseNote } from './note.js';
import { checkReceipt } from './receipt.js';
import { parseProof } from './proof.js';
import { webSha256 } from './sha256.js';

/**
 * @typedef {{ version: number, balance: bigint }} State
 * @typedef {{
 *   log: string, size: number, account: string, from: string, to: string, recordedFrom: string, recordedBefore: string,
 *   before: State, after: State, positions: readonly number[], files: import('./event.js').Members,
 * }} Manifest
 * @typedef {Omit<Manifest, 'positions' | 'files' | 'log'> & {
 *   bank: string, eventCount: number, isSigned: boolean, cosigned: readonly import('./checkpoint.js').Cosigned[],
 * }} ProvenEvidence
 */

const form = 'grand-livre-evidence/v1';
const maxEvents = 10_000;
const digits = /^(?:0|-?[1-9]\d{0,30})$/;

/**
 * @param {{
 *   read: import('./tiles.js').Read, policy: import('./policy.js').Policy, sha256?: import('./sha256.js').Sha256,
 * }} options
 * @returns {Promise<ProvenEvidence | Failure>}
 */
export async function checkEvidence({ read, policy, sha256 = webSha256 }) {
  const bytes = await read('manifest.json');
  if (bytes === undefined) return unreadable('The folder has no file "manifest.json".');
  const manifest = parseManifest(bytes);
  if (manifest instanceof Failure) return manifest;
  const isSigned = await checkManifestSignature(await read('manifest.signed'), bytes, manifest.log, policy, sha256);
  if (isSigned instanceof Failure) return isSigned;
  for (const [name, digest] of Object.entries(manifest.files)) {
    const file = await read(name);
    if (file === undefined) return new Failure('incomplete', `${name} is missing: the manifest names it.`);
    if (toHex(await sha256(Uint8Array.from(file))) !== digest)
      return new Failure('other_entry', `${name} is not the file of the manifest: one of the two was changed.`);
  }
  const checkpointBytes = Object.hasOwn(manifest.files, 'checkpoint') ? await read('checkpoint') : undefined;
  const checkpoint = parseCheckpoint(checkpointBytes ?? new Uint8Array());
  if (checkpoint instanceof Failure) return named('checkpoint', checkpoint);
  const cosigned = await checkSignatures(checkpoint, policy);
  if (cosigned instanceof Failure) return named('checkpoint', cosigned);
  if (checkpoint.origin !== manifest.log || checkpoint.size !== manifest.size)
    return new Failure('other_log', 'checkpoint is not of the log and size that the manifest names.');
  const failure = await checkEvents({ read, manifest, checkpoint, policy, sha256 });
  if (failure !== undefined) return failure;
  const { log: bank, positions, files: _, ...rest } = manifest;
  return { ...rest, bank, eventCount: positions.length, isSigned, cosigned };
}

/** @param {string} name @param {Failure} failure */
const named = (name, { code, detail }) => new Failure(code, `${name}: ${detail}`);

/**
 * @param {{
 *   read: import('./tiles.js').Read, manifest: Manifest, checkpoint: import('./checkpoint.js').Checkpoint,
 *   policy: import('./policy.js').Policy, sha256: import('./sha256.js').Sha256,
 * }} pack
 * @returns {Promise<Failure | undefined>}
 */
async function checkEvents({ read, manifest, checkpoint, policy, sha256 }) {
  let state = manifest.before;
  for (const position of manifest.positions) {
    const name = `proofs/${position}.tlog-proof`;
    const bytes = Object.hasOwn(manifest.files, name) ? await read(name) : undefined;
    if (bytes === undefined) return new Failure('incomplete', `${name} is not among the files of the manifest.`);
    const proof = parseProof(bytes);
    if (proof instanceof Failure) return named(name, proof);
    if (!equal(proof.checkpoint.root, checkpoint.root) || proof.checkpoint.size !== checkpoint.size)
      return new Failure('other_log', `${name} is proven by another checkpoint than the folder's.`);
    const proven = await checkReceipt(bytes, policy, sha256);
    if (proven instanceof Failure) return named(name, proven);
    if (proven.position !== position) return new Failure('other_entry', `${name} is of position ${proven.position}.`);
    for (const part of proven.parts) {
      const next = follow(part, state, manifest);
      if (typeof next === 'string') return new Failure('wrong_sums', `${name}: ${next}.`);
      state = next;
    }
  }
  const { version, balance } = manifest.after;
  if (version === state.version && balance === state.balance) return undefined;
  return new Failure(
    'wrong_sums',
    `The events end at version ${state.version} and ${state.balance}, the manifest says version ${version} and ${balance}.`,
  );
}

/**
 * The state after a part; a sentence where it does not go on from the state before.
 * @param {import('./event.js').Members} part @param {State} before @param {Manifest} manifest @returns {State | string}
 */
function follow(part, before, { account, recordedFrom, recordedBefore }) {
  if (part['account'] !== account) return `it is of account ${String(part['account'])}, not of ${account}`;
  const recordedMs = Date.parse(String(part['recordedAt']));
  if (!(recordedMs >= Date.parse(recordedFrom) && recordedMs < Date.parse(recordedBefore)))
    return `it was recorded at ${String(part['recordedAt'])}, outside of the days`;
  if (part['part'] !== 'posting') return before;
  const next = toState(part);
  const amount = toAmount(part['amount']);
  if (next === undefined || amount === undefined) return 'it has no amount, version and balance';
  if (next.version !== before.version + 1) return `the account goes from version ${before.version} to ${next.version}`;
  if (next.balance === before.balance + amount) return next;
  return `the account had ${before.balance}, ${amount} was added, and it has ${next.balance}`;
}

/**
 * Whether there is a signature, which then has to hold.
 * @param {Uint8Array | undefined} signed @param {Uint8Array} manifest @param {string} log
 * @param {import('./policy.js').Policy} policy @param {import('./sha256.js').Sha256} sha256
 * @returns {Promise<boolean | Failure>}
 */
async function checkManifestSignature(signed, manifest, log, policy, sha256) {
  if (signed === undefined) return false;
  const note = parseNote(signed);
  if (note instanceof Failure) return named('manifest.signed', note);
  if (note.text !== `${form}\n${toHex(await sha256(Uint8Array.from(manifest)))}\n`)
    return new Failure('bad_signature', 'manifest.json is not what manifest.signed signs: one of the two was changed.');
  const keys = policy.logs.filter(({ name }) => name === log);
  let failure = new Failure('other_log', `The policy knows no log ${log}.`);
  for (const key of keys) {
    const wrong = await checkSigner(key, note);
    if (wrong === undefined) return true;
    failure = wrong;
  }
  return named('manifest.signed', failure);
}

/** @param {Uint8Array} bytes @returns {Manifest | Failure} */
function parseManifest(bytes) {
  const all = toMembers(fromUtf8(bytes) ?? '');
  const texts = ['log', 'account', 'from', 'to', 'recordedFrom', 'recordedBefore'].map((name) => member(all, name));
  const [before, after] = [toState(member(all, 'before')), toState(member(all, 'after'))];
  const [positions, files, size] = [member(all, 'positions'), member(all, 'files'), member(all, 'size')];
  if (
    all === undefined ||
    all['form'] !== form ||
    texts.some((one) => typeof one !== 'string') ||
    typeof size !== 'number'
  )
    return unreadable(`manifest.json is not of the form ${form}.`);
  if (before === undefined || after === undefined) return unreadable('manifest.json has no state before and after.');
  if (typeof files !== 'object' || files === null || Object.keys(files).some((name) => !isFileName(name)))
    return unreadable('manifest.json names a file that evidence does not have.');
  if (!Array.isArray(positions) || positions.length === 0 || positions.length > maxEvents)
    return unreadable(`manifest.json does not name one to ${maxEvents} positions.`);
  if (positions.some((one, at) => !Number.isSafeInteger(one) || one <= (positions[at - 1] ?? 0)))
    return unreadable('The positions in manifest.json are not whole numbers, rising.');
  return /** @type {Manifest} */ ({ ...all, before, after });
}

/** None leads out of the folder. @param {string} name */
const isFileName = (name) => /^(?:checkpoint|policy|how-to-check\.md|proofs\/[1-9]\d{0,15}\.tlog-proof)$/.test(name);

/** @param {unknown} value @returns {State | undefined} */
function toState(value) {
  const [version, balance] = [member(value, 'version'), toAmount(member(value, 'balance'))];
  return typeof version === 'number' && Number.isSafeInteger(version) && balance !== undefined
    ? { version, balance }
    : undefined;
}

/** @param {unknown} text */
const toAmount = (text) => (typeof text === 'string' && digits.test(text) ? BigInt(text) : undefined);
