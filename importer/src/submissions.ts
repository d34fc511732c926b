/** Rows as commands: each with a key made of its number, so that the same row is never carried out twice. */
import { createHmac } from 'node:crypto';
import { basename } from 'node:path';
import type { Submission } from '../../ledger/src/bookkeeper/submission.ts';
import type { Command, SealedProfile } from '../../ledger/src/domain/commands.ts';
import { formatAmount } from '../../ledger/src/domain/money.ts';
import type { BankFiles } from './bank-files.ts';
import type { AccountRow, CustomerRow, OperationRow } from './row-shapes.ts';
import { currency } from './row-shapes.ts';
import type { HashedRow } from './typed-rows.ts';

const source = 'import';
const openingLabel = "Solde d'ouverture";

export type Opening = { readonly account: string; readonly amountMinor: bigint };

/** The idempotency key of each kind of row. */
export const commandIdOf = {
  customer: ({ customer }: Pick<CustomerRow, 'customer'>): string => `import:client:${customer}`,
  account: ({ account }: Pick<AccountRow, 'account'>): string => `import:account:${account}`,
  opening: ({ account }: Pick<Opening, 'account'>): string => `import:opening:${account}`,
  operation: ({ operation }: Pick<OperationRow, 'operation'>): string => `import:operation:${operation}`,
};

export type RequestHashes = {
  readonly customer: (row: CustomerRow) => string;
  readonly account: (row: AccountRow) => string;
  readonly opening: (opening: Opening) => string;
  readonly operation: (row: OperationRow) => string;
};

/**
 * Of what must be the same when the row is met again. An account's PIN and Solde are no part of it: the one may be changed,
 * the other is another next month.
 */
export function requestHashes(requestKey: Buffer): RequestHashes {
  const hash = (content: readonly string[]): string =>
    createHmac('sha256', requestKey).update(JSON.stringify(content)).digest('base64url').slice(0, 22);
  return {
    customer({ customer, profile }) {
      const { firstName, lastName, address, postalCode, city, landline = '', mobile = '' } = profile;
      return hash([customer, firstName, lastName, address, postalCode, city, landline, mobile]);
    },
    account: ({ account, customer, accountType }) => hash([account, customer, accountType]),
    opening: ({ account, amountMinor }) => hash([account, formatAmount(amountMinor, currency)]),
    operation: ({ operation, valueDate, account, label, amountMinor }) =>
      hash([operation, valueDate, account, label, formatAmount(amountMinor, currency)]),
  };
}

export type Submissions = {
  readonly customer: (row: HashedRow<CustomerRow>, sealed: SealedProfile) => Submission;
  readonly account: (row: HashedRow<AccountRow>) => Submission;
  readonly opening: (opening: HashedRow<Opening>, valueDate: string | undefined) => Submission;
  readonly operation: (row: HashedRow<OperationRow>) => Submission;
};

/** `correlationId` is one for the whole run. */
export function submissions(files: BankFiles, correlationId: string): Submissions {
  function submission(
    commandId: string,
    { line, requestHash }: HashedRow<object>,
    path: string,
    command: Command,
    valueDate?: string,
  ): Submission {
    return {
      command,
      commandId,
      requestHash,
      actor: `import:${basename(path)}:${String(line)}`,
      terminal: 'import',
      correlationId,
      ...(valueDate === undefined ? {} : { valueDate }),
    };
  }

  return {
    customer: (row, sealed) =>
      submission(commandIdOf.customer(row), row, files.clients, {
        type: 'RegisterCustomer',
        customer: row.customer,
        ...sealed,
      }),
    account(row) {
      const { account, customer, accountType } = row;
      const command: Command = { type: 'OpenAccount', account, customer, accountType, currency, floor: 0n };
      return submission(commandIdOf.account(row), row, files.accounts, command);
    },
    opening(opening, valueDate) {
      const { account, amountMinor: amount } = opening;
      const command: Command = { type: 'ImportEntry', account, source, amount, currency, label: openingLabel };
      return submission(commandIdOf.opening(opening), opening, files.accounts, command, valueDate);
    },
    operation(row) {
      const { account, amountMinor: amount, label } = row;
      const command: Command = { type: 'ImportEntry', account, source, amount, currency, label };
      return submission(commandIdOf.operation(row), row, files.operations, command, row.valueDate);
    },
  };
}
