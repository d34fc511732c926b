#!/usr/bin/env node
/** The command: reads arguments and files, runs one check, prints sentences or JSON, and ends with 0, 1 or 2. */
import { hash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { checkEvidence, checkGrowth, checkLog, checkProof, checkReceipt, checkSignatures } from '../src/index.js';
import { Failure, parseCheckpoint, parsePolicy, parseProof } from '../src/index.js';
import { readerOf, readInput } from './files.js';
import { describeEvidence, describeLog, describeReceipt, describeWitnesses } from './sentences.js';

const usage = `Checks what a bank on Grand Livre says about its journal.

  grand-livre-verifier receipt FILE --policy FILE [--entry FILE]   a receipt (.tlog-proof, or the text of its QR code)
  grand-livre-verifier log DIR --policy FILE [--hashes-only]       a whole exported log
  grand-livre-verifier evidence DIR --policy FILE                  one account's events over some days, for a dispute
  grand-livre-verifier consistency OLD NEW --log DIR --policy FILE one checkpoint goes on from another

  --policy FILE   whose signatures count; get it from elsewhere than what is checked
  --json          the result as JSON
  --entry FILE    the entry's bytes, for a proof that is not a receipt of this bank
  --hashes-only   the log as the public has it, without entries and events
  -               for a file: standard input

Ends with 0 when it is proven, 1 when it is not, 2 when something could not be read.`;

/** Node 20 calls its Ed25519 experimental: that is nothing for whoever checks a receipt. */
process.removeAllListeners('warning');

/** Faster than that of the web, which is asynchronous: a log of a million events has some ten million hashes. @param {Uint8Array} bytes */
const sha256 = (bytes) => hash('sha256', bytes, 'buffer');

/** @typedef {{ sentences: readonly string[], json: object } | Failure} Answer */

const options = /** @type {const} */ ({
  policy: { type: 'string' },
  log: { type: 'string' },
  entry: { type: 'string' },
  'hashes-only': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
});

/** @typedef {{ [K in keyof typeof options]?: (typeof options)[K]['type'] extends 'string' ? string : boolean }} Values */

/** @type {Readonly<Record<string, (paths: readonly string[], values: Values) => Promise<Answer>>>} */
const commands = {
  async receipt([file, ...more], { policy, entry }) {
    if (file === undefined || more.length > 0) return wrongUsage('"receipt" takes one file.');
    const rules = await policyIn(policy);
    if (rules instanceof Failure) return rules;
    const bytes = await readInput(file);
    if (bytes instanceof Failure) return bytes;
    return entry === undefined
      ? receiptAnswer(await checkReceipt(bytes, rules, sha256))
      : proofAnswer(bytes, entry, rules);
  },

  async log([folder, ...more], { policy, json, 'hashes-only': hashesOnly = false }) {
    if (folder === undefined || more.length > 0) return wrongUsage('"log" takes one folder.');
    const rules = await policyIn(policy);
    if (rules instanceof Failure) return rules;
    const onProgress = json === true ? () => undefined : showProgress();
    const report = await checkLog({ read: readerOf(folder), policy: rules, hashesOnly, onProgress, sha256 });
    if (report instanceof Failure) return report;
    const { sentences, failure } = describeLog(report, hashesOnly);
    return failure === undefined
      ? { sentences, json: { proven: true, hashesOnly, ...report } }
      : new LogFailure(failure, report);
  },

  async evidence([folder, ...more], { policy }) {
    if (folder === undefined || more.length > 0) return wrongUsage('"evidence" takes one folder.');
    const rules = await policyIn(policy);
    if (rules instanceof Failure) return rules;
    const proven = await checkEvidence({ read: readerOf(folder), policy: rules, sha256 });
    return proven instanceof Failure
      ? proven
      : { sentences: describeEvidence(proven), json: { proven: true, ...proven } };
  },

  async consistency([older, newer, ...more], { policy, log }) {
    if (older === undefined || newer === undefined || more.length > 0)
      return wrongUsage('"consistency" takes two checkpoints.');
    if (log === undefined) return wrongUsage('"consistency" needs the log\u2019s folder: --log DIR.');
    const rules = await policyIn(policy);
    if (rules instanceof Failure) return rules;
    const [before, after] = [await signedCheckpoint(older, rules), await signedCheckpoint(newer, rules)];
    if (before instanceof Failure) return before;
    if (after instanceof Failure) return after;
    const failure = await checkGrowth(before.checkpoint, after.checkpoint, readerOf(log), sha256);
    if (failure !== undefined) return failure;
    const [from, to] = [before.checkpoint.size, after.checkpoint.size];
    const sentence = `Proven: the log ${after.checkpoint.origin} at ${to} entries begins with all ${from} of the earlier checkpoint, unchanged.`;
    return {
      sentences: [sentence, ...describeWitnesses(after.cosigned)],
      json: { proven: true, bank: after.checkpoint.origin, from, to, cosigned: after.cosigned },
    };
  },
};

/** A log with findings: its sentences stand in `detail`, what `--json` shows in `report`. */
class LogFailure extends Failure {
  /** @param {Failure} failure @param {import('../src/log.js').LogReport} report */
  constructor(failure, report) {
    super(failure.code, failure.detail);
    this.report = report;
  }
}

/** @param {string} detail */
const wrongUsage = (detail) => new Failure('unreadable', `${detail}\n\n${usage}`);

/** @param {string | undefined} path */
async function policyIn(path) {
  if (path === undefined) return wrongUsage('Without a policy nothing can be proven: --policy FILE.');
  const bytes = await readInput(path);
  return bytes instanceof Failure ? bytes : parsePolicy(bytes, sha256);
}

/** @param {string} path @param {import('../src/policy.js').Policy} policy */
async function signedCheckpoint(path, policy) {
  const bytes = await readInput(path);
  if (bytes instanceof Failure) return bytes;
  const checkpoint = parseCheckpoint(bytes);
  if (checkpoint instanceof Failure) return checkpoint;
  const cosigned = await checkSignatures(checkpoint, policy);
  return cosigned instanceof Failure
    ? new Failure(cosigned.code, `${path}: ${cosigned.detail}`)
    : { checkpoint, cosigned };
}

/** @param {import('../src/receipt.js').ProvenReceipt | Failure} proven @returns {Answer} */
const receiptAnswer = (proven) =>
  proven instanceof Failure ? proven : { sentences: describeReceipt(proven), json: { proven: true, ...proven } };

/** @param {Uint8Array} bytes @param {string} entryPath @param {import('../src/policy.js').Policy} policy @returns {Promise<Answer>} */
async function proofAnswer(bytes, entryPath, policy) {
  const [proof, entry] = [parseProof(bytes), await readInput(entryPath)];
  if (proof instanceof Failure) return proof;
  if (entry instanceof Failure) return entry;
  const cosigned = await checkProof(proof, entry, policy, sha256);
  if (cosigned instanceof Failure) return cosigned;
  const { origin, size } = proof.checkpoint;
  const sentence = `Proven: the entry stands at position ${proof.index + 1} of the ${size} of the log ${origin}.`;
  return {
    sentences: [sentence, ...describeWitnesses(cosigned)],
    json: { proven: true, bank: origin, position: proof.index + 1, size, cosigned },
  };
}

/** On a terminal only, twice a second at most. @returns {(checked: number, size: number) => void} */
function showProgress() {
  let shown = 0;
  return (checked, size) => {
    if (!process.stderr.isTTY || (Date.now() - shown < 500 && checked < size)) return;
    shown = Date.now();
    process.stderr.write(`\r${checked} of ${size} entries${checked === size ? '\n' : ''}`);
  };
}

/** @param {readonly string[]} args @returns {Promise<number>} */
async function run(args) {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [name = '', ...paths] = positionals;
  if (values.help || name === 'help') {
    console.log(usage);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const answer =
    command === undefined
      ? wrongUsage(name === '' ? 'What is to be checked?' : `There is no check "${name}".`)
      : await command(paths, values);
  if (!(answer instanceof Failure)) {
    console.log(values.json ? toJson(answer.json) : answer.sentences.join('\n'));
    return 0;
  }
  const report = answer instanceof LogFailure ? answer.report : {};
  if (values.json) console.log(toJson({ proven: false, code: answer.code, detail: answer.detail, ...report }));
  else console.error(answer.isUnreadable ? answer.detail : `Not proven: ${answer.detail}`);
  return answer.isUnreadable ? 2 : 1;
}

/** @param {object} value */
const toJson = (value) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one), 2);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exitCode = 2;
}
