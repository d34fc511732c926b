/** Results as sentences for whoever reads them in a terminal. */
import { Failure } from '../src/index.js';

const shownFindings = 20;

/** @param {readonly import('../src/checkpoint.js').Cosigned[]} cosigned */
export function describeWitnesses(cosigned) {
  if (cosigned.length === 0)
    return ['No witness was asked for: only the log itself signed. Other people may have been shown another log.'];
  return cosigned.map(
    ({ name, keyName, at }) => `Cosigned by ${name} (${keyName}) at ${new Date(at * 1000).toISOString()}.`,
  );
}

/** @param {import('../src/receipt.js').ProvenReceipt} receipt */
export const describeReceipt = ({ bank, position, size, parts, cosigned }) => [
  `Proven: position ${position} in the journal ${bank}, of ${size} events at that time, holds:`,
  ...parts.flatMap((part) => Object.entries(part).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`)),
  ...describeWitnesses(cosigned),
  'Amounts are in minor units (cents). Not proven: what happened later, and what the receipt does not show.',
];

/** @param {import('../src/evidence.js').ProvenEvidence} evidence */
export const describeEvidence = ({ bank, size, account, from, to, eventCount, before, after, isSigned, cosigned }) => [
  `Proven: ${eventCount} events of account ${account}, recorded from ${from} to ${to}, stand in the journal ${bank} of ${size} events.`,
  `They lead from version ${before.version} and ${before.balance} to version ${after.version} and ${after.balance}, in minor units, without a gap.`,
  isSigned
    ? 'The log’s key signed the manifest: the bank says that these are all events of these days.'
    : 'The manifest is not signed: that these are all events of these days is nobody’s word.',
  ...describeWitnesses(cosigned),
];

/**
 * @param {import('../src/log.js').LogReport} report
 * @param {boolean} hashesOnly
 */
export function describeLog(report, hashesOnly) {
  const { bank, size, cosigned, findings, findingCount, eventCount, accountCount, postingCount } = report;
  const [first] = findings;
  if (first !== undefined) {
    const shown = findings.slice(0, shownFindings).map(({ detail }) => `  ${detail}`);
    const more = findingCount > shown.length ? [`  … and ${findingCount - shown.length} more.`] : [];
    const head = `the log ${bank} of ${size} entries has ${findingCount} ${findingCount === 1 ? 'fault' : 'faults'}:`;
    return { sentences: [], failure: new Failure(toCode(findings), [head, ...shown, ...more].join('\n')) };
  }
  const content = hashesOnly
    ? 'Not checked: entries and events, which a public log does not show.'
    : `All ${eventCount} events are those that the entries commit to; ${postingCount} postings of ${accountCount} accounts have versions without gaps, balances that follow, and sums of zero.`;
  return {
    sentences: [
      `Proven: the log ${bank} has ${size} entries with the root that was signed.`,
      content,
      ...describeWitnesses(cosigned),
    ],
    failure: undefined,
  };
}

/** A log with a damaged event is not proven; it was read. @param {readonly import('../src/log.js').Finding[]} findings */
const toCode = (findings) => findings.find(({ code }) => code !== 'unreadable')?.code ?? 'other_entry';
