/** What a row of each file means: its columns, their values, and the reason when a value is none. */
import { pin as pinField } from '../../api/src/fields.ts';
import { isCustomerAccount } from '../../ledger/src/domain/account.ts';
import type { AccountType } from '../../ledger/src/domain/events.ts';
import { largestBalanceMinor, parseAmount } from '../../ledger/src/domain/money.ts';
import type { Profile } from '../../ledger/src/vault/profile.ts';
import type { FileFormat } from './bank-files.ts';

export const currency = 'EUR';

export type CustomerRow = { readonly customer: string; readonly profile: Profile };
export type AccountRow = {
  readonly account: string;
  readonly customer: string;
  readonly accountType: AccountType;
  readonly pin: string;
  readonly balanceMinor: bigint;
};
export type OperationRow = {
  readonly operation: string;
  readonly valueDate: string;
  readonly account: string;
  readonly label: string;
  readonly amountMinor: bigint;
};

/** A row's value, or what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly reason: string; readonly whatToDo: string };

export type Shape<T> = {
  readonly header: readonly string[];
  readonly parse: (fields: readonly string[], format: FileFormat) => Parsed<T>;
};

const accountTypes: Readonly<Record<string, AccountType>> = {
  'Compte courant': 'current',
  "Livret d'épargne": 'savings',
  'Plan épargne logement': 'home_savings',
  'Plan épargne bancaire': 'bank_savings',
  'Assurance vie': 'life_insurance',
};

const longestText = 200;

export const customers: Shape<CustomerRow> = {
  header: ['NumeroClient', 'Prenom', 'Nom', 'Adresse', 'CodePostal', 'Ville', 'TelephoneFixe', 'TelephonePortable'],
  parse: ([customer = '', firstName = '', lastName = '', ...rest]) => {
    const [address = '', postalCode = '', city = '', landline = '', mobile = ''] = rest;
    if (!isNumber(customer)) return badNumber('NumeroClient', customer);
    if (firstName === '' || lastName === '') return wrong('Prenom or Nom is empty', 'Give both');
    if ([firstName, lastName, ...rest].some((text) => text.length > longestText)) return tooLong;
    const profile = { lastName, firstName, address, postalCode, city };
    const phones = { ...(landline === '' ? {} : { landline }), ...(mobile === '' ? {} : { mobile }) };
    return { value: { customer, profile: { ...profile, ...phones } } };
  },
};

export const accounts: Shape<AccountRow> = {
  header: ['NumeroCompte', 'NumeroClient', 'TypeCompte', 'PIN', 'Solde'],
  parse: ([account = '', customer = '', typeName = '', pin = '', balance = ''], { decimalMark }) => {
    if (!isNumber(account)) return badNumber('NumeroCompte', account);
    if (!isNumber(customer)) return badNumber('NumeroClient', customer);
    const accountType = Object.hasOwn(accountTypes, typeName) ? accountTypes[typeName] : undefined;
    if (accountType === undefined) {
      return wrong(
        `TypeCompte is ${shown(typeName)}, which is no type of account`,
        `Use one of ${Object.keys(accountTypes).join(', ')}`,
      );
    }
    // A PIN is never shown, not even a wrong one.
    if (!pinField.safeParse(pin).success) return wrong('PIN is not 4 digits', 'Give exactly 4 digits');
    const balanceMinor = amount(balance, decimalMark);
    if (balanceMinor === undefined) return badAmount('Solde', balance, decimalMark);
    return { value: { account, customer, accountType, pin, balanceMinor } };
  },
};

export const operations: Shape<OperationRow> = {
  header: ['NumeroOperation', 'DateOperation', 'NumeroCompte', 'LibelleOperation', 'Montant'],
  parse: ([operation = '', valueDate = '', account = '', label = '', sum = ''], { decimalMark }) => {
    if (!isNumber(operation)) return badNumber('NumeroOperation', operation);
    if (!isDate(valueDate)) {
      return wrong(
        `DateOperation is ${shown(valueDate)}, which is no day`,
        'Write the day as YYYY-MM-DD, like 2024-01-31',
      );
    }
    if (!isNumber(account)) return badNumber('NumeroCompte', account);
    if (label === '') return wrong('LibelleOperation is empty', 'Give the operation a label');
    if (label.length > longestText) return tooLong;
    const amountMinor = amount(sum, decimalMark);
    if (amountMinor === undefined) return badAmount('Montant', sum, decimalMark);
    return { value: { operation, valueDate, account, label, amountMinor } };
  },
};

const wrong = (reason: string, whatToDo: string): { reason: string; whatToDo: string } => ({ reason, whatToDo });

const badNumber = (column: string, text: string): ReturnType<typeof wrong> =>
  wrong(`${column} is ${shown(text)}, which is no number`, 'Use 1 to 15 digits without a leading zero');

type DecimalMark = FileFormat['decimalMark'];

const badAmount = (column: string, text: string, decimalMark: DecimalMark): ReturnType<typeof wrong> =>
  wrong(
    `${column} is ${shown(text)}, which is no amount`,
    decimalMark === ','
      ? 'Write it with a comma and at most 2 decimals, like 1234,50 or -20, or leave --decimal-comma out'
      : 'Write it with a point and at most 2 decimals, like 1234.50 or -20, or give --decimal-comma',
  );

const tooLong = wrong(
  `a text is longer than ${String(longestText)} characters`,
  'Shorten it, or check the quotes of this line',
);

const shown = (text: string): string =>
  text === '' ? 'empty' : `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;

/** Customers and operations are numbered by the rule for accounts. */
const isNumber = isCustomerAccount;

function amount(text: string, decimalMark: DecimalMark): bigint | undefined {
  // With a comma asked for, a point is wrong: whoever mixes them may mean thousands.
  if (decimalMark === ',' && text.includes('.')) return undefined;
  const amountMinor = parseAmount(decimalMark === ',' ? text.replace(',', '.') : text, currency);
  if (amountMinor === undefined || amountMinor > largestBalanceMinor || amountMinor < -largestBalanceMinor)
    return undefined;
  return amountMinor;
}

function isDate(text: string): boolean {
  if (!/^(19|20)\d\d-\d\d-\d\d$/.test(text)) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}
