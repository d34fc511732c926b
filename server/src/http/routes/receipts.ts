/** The routes that prove an operation on an account: as a file, and as the text of a QR code. */
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import { parseCheckpointText } from '../../../../ledger/src/transparency/checkpoint.ts';
import { receiptCode } from '../../../../ledger/src/transparency/receipt-code.ts';
import * as contract from '../../../../api/src/calls/receipts.ts';
import type { ApiRejection } from '../../../../api/src/problems.ts';
import type { Proof } from '../../log/prove.ts';
import { ownOpenings, prove } from '../../log/prove.ts';
import type { PublishedLog } from '../../log/published-log.ts';
import type { BodyResponse, Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly publishedLog: PublishedLog;
  readonly journal: Journal;
};

/** A checkpoint is signed about once a second. */
const retryAfterSeconds = 2;
/** What version 40 of a QR code holds of its alphanumeric set at error correction L. */
const mostCodeCharacters = 4_296;

export function receiptRoutes({ publishedLog, journal }: Parts): readonly Route[] {
  async function proofOf(account: string, position: number, signal: AbortSignal): Promise<Proof | ApiRejection> {
    const [event] = await journal.readAt([position]);
    // Of somebody else's operation, not even whether it is signed can be learned.
    if (event === undefined || ownOpenings(event, account).length === 0) return { code: 'entry_not_found' };
    const published = await publishedLog.including(position - 1, signal);
    if (published === undefined) return { code: 'checkpoint_not_found' };
    if (published === 'late') return { code: 'proof_not_ready', retryAfterSeconds };
    const proof = await prove(publishedLog, event, account, published);
    if (proof === undefined) {
      return { code: 'history_broken', where: `event ${String(position)} is not the one that was signed` };
    }
    return proof;
  }

  return [
    route(contract.readOwnProof, async ({ caller, query, signal }) => {
      const proof = await proofOf(caller.account, query.position, signal);
      return 'code' in proof ? proof : fileOf(proof);
    }),

    route(contract.readOwnProofCode, async ({ caller, query, signal }) => {
      const proof = await proofOf(caller.account, query.position, signal);
      if ('code' in proof) return proof;
      const checkpoint = parseCheckpointText(proof.note.text);
      if (checkpoint === undefined) throw new Error('a proof without its checkpoint');
      const { origin, size, root } = checkpoint;
      const code = receiptCode(proof);
      const fits = code !== undefined && code.length <= mostCodeCharacters;
      return { body: { ...(fits && { code }), origin, size, root: root.toString('base64') } };
    }),

    route(contract.auditProof, async ({ params, query, signal }) => {
      const proof = await proofOf(params.account, query.position, signal);
      return 'code' in proof ? proof : fileOf(proof);
    }),
  ];
}

const fileOf = ({ file, index }: Proof): BodyResponse<string> => ({
  body: file,
  headers: { 'Content-Disposition': `attachment; filename="receipt-${String(index + 1)}.tlog-proof"` },
});
