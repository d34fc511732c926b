/** The three files of a bank, and how their rows are written. */

export const separators = { ';': ';', ',': ',', tab: '\t' } as const;
export type Separator = keyof typeof separators;

export type FileFormat = {
  readonly separator: Separator;
  /** What stands before the decimals of an amount. */
  readonly decimalMark: '.' | ',';
};

/** What a file has where nothing else is said. */
export const usualFormat: FileFormat = { separator: ';', decimalMark: '.' };

export type BankFiles = {
  readonly clients: string;
  readonly accounts: string;
  readonly operations: string;
  /** Of all three; the usual one when absent. */
  readonly format?: FileFormat;
};
