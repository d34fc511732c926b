/** The calls for the proof on a receipt: that an operation stands in the journal, with the caller's own side of it and no other. */
import * as z from 'zod/mini';
import { accountParams } from './audit-accounts.ts';
import { defineCall } from '../call.ts';
import { wholeNumber } from '../fields.ts';

const query = z.strictObject({
  position: wholeNumber(1).check(z.describe('Of the operation, as its command answered it.')),
});

const description =
  'Of an operation on the account, as c2sp.org/tlog-proof says. It opens the account’s own side only. Waits (at most two seconds) until a published checkpoint includes the operation.';

const proof = {
  status: 200,
  description: 'The file.',
  schema: z.string(),
  mediaType: 'application/vnd.grand-livre.tlog-proof',
} as const;

const rejections = [
  ...(['entry_not_found', 'checkpoint_not_found', 'history_broken', 'proof_not_ready'] as const),
  ...(['overloaded', 'unavailable'] as const),
] as const;

export const readOwnProof = defineCall({
  id: 'readOwnProof',
  method: 'get',
  path: '/api/v1/accounts/me/proof',
  group: 'Accounts',
  summary: 'Download the proof of one’s own operation',
  description,
  who: 'customer',
  terminal: true,
  query,
  answer: proof,
  rejections,
});

const receiptProof = z
  .object({
    code: z
      .optional(z.string())
      .check(z.describe('The text of a QR code with the whole proof; absent where it is more than a code can hold.')),
    origin: z.string().check(z.describe('What the log is called.')),
    size: z.int().check(z.describe('How many events the checkpoint covers.')),
    root: z.string().check(z.describe('The root of the tree over them, in base64.')),
  })
  .register(z.globalRegistry, { id: 'ReceiptProof' });

export const readOwnProofCode = defineCall({
  id: 'readOwnProofCode',
  method: 'get',
  path: '/api/v1/accounts/me/proof-code',
  group: 'Accounts',
  summary: 'Read the proof of one’s own operation as the text of a QR code',
  description,
  who: 'customer',
  terminal: true,
  query,
  answer: { status: 200, description: 'The text, and the checkpoint that it leads to.', schema: receiptProof },
  rejections,
});

export const auditProof = defineCall({
  id: 'auditProof',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/proof',
  group: 'Audit',
  summary: 'Download the proof of an account’s operation',
  description,
  who: 'auditor',
  params: accountParams,
  query,
  answer: proof,
  rejections,
});
