/** Rows as commands: each with a key made of its number, so that the same row is never carried out twice. */
import { createHmac } from 'node:crypto';
import { basename } from 'node:path';
import type { Submission } from '../../ledger/src/bookkeeper/submission.ts';
import type { Command, SealedProfile } from '../../ledger/src/domain/commands.ts';
import { formatAmount } from '../../ledger/src/domain/money.ts';
import type { BankFiles } from './check-files.ts';
import type { AccountRow, CustomerRow, OperationRow } from './row-shapes.ts';
import { currency } from './row-shapes.ts';
import type { TypedRow } from './typed-rows.ts';

const source = 'import';
const openingLabel = "Solde d'ouverture";

export type Submissions = {
  readonly customer: (row: TypedRow<CustomerRow>, sealed: SealedProfile) => Submission;
  readonly account: (row: TypedRow<AccountRow>) => Submission;
  readonly opening: (
    account: string,
    opening: { readonly line: number; readonly amountMinor: bigint; readonly valueDate: string | undefined },
  ) => Submission;
  readonly operation: (row: TypedRow<OperationRow>) => Submission;
};

/** `correlationId` is one for the whole run. */
export function submissions(
  files: BankFiles,
  { requestKey, correlationId }: { readonly requestKey: Buffer; readonly correlationId: string },
): Submissions {
  /** `content` is what must be the same when the row is met again; a PIN is no part of it, for it may be changed. */
  function submission(
    key: string,
    content: readonly string[],
    { path, line }: { readonly path: string; readonly line: number },
    command: Command,
    valueDate?: string,
  ): Submission {
    const requestHash = createHmac('sha256', requestKey).update(JSON.stringify(content)).digest('base64url');
    return {
      command,
      commandId: `import:${key}`,
      requestHash: requestHash.slice(0, 22),
      actor: `import:${basename(path)}:${String(line)}`,
      terminal: 'import',
      correlationId,
      ...(valueDate === undefined ? {} : { valueDate }),
    };
  }

  return {
    customer({ line, value: { customer, profile } }, sealed) {
      const { firstName, lastName, address, postalCode, city, landline = '', mobile = '' } = profile;
      return submission(
        `client:${customer}`,
        [customer, firstName, lastName, address, postalCode, city, landline, mobile],
        { path: files.clients, line },
        { type: 'RegisterCustomer', customer, ...sealed },
      );
    },
    account({ line, value: { account, customer, accountType, balanceMinor } }) {
      return submission(
        `account:${account}`,
        [account, customer, accountType, formatAmount(balanceMinor, currency)],
        { path: files.accounts, line },
        { type: 'OpenAccount', account, customer, accountType, currency, floor: 0n },
      );
    },
    opening(account, { line, amountMinor, valueDate }) {
      return submission(
        `opening:${account}`,
        [account, formatAmount(amountMinor, currency)],
        { path: files.accounts, line },
        { type: 'ImportEntry', account, source, amount: amountMinor, currency, label: openingLabel },
        valueDate,
      );
    },
    operation({ line, value: { operation, valueDate, account, label, amountMinor } }) {
      return submission(
        `operation:${operation}`,
        [operation, valueDate, account, label, formatAmount(amountMinor, currency)],
        { path: files.operations, line },
        { type: 'ImportEntry', account, source, amount: amountMinor, currency, label },
        valueDate,
      );
    },
  };
}
