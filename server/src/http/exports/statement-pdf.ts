/** A statement as PDF: holder, range of entries, opening and closing balance, every entry, page after page. Made in a thread: seconds for thousands of entries. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import type { CivilTime } from '../../../../ledger/src/civil-time.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { AccountOverview, Entry } from '../../../../projections/src/read-model.ts';
import { holderOf, statementLabel } from '../view.ts';

const page = { margin: 50, width: 595.28, height: 841.89 };
const right = page.width - page.margin;
/** Where each column begins; the sums end at `amount` and `balance`. */
const columns = { date: page.margin, label: 120, amount: 440, balance: right };
const rowHeight = 17;
const colours = { ink: '#0c1c36', quiet: '#5a6a85', gold: '#8a6a10', line: '#c9cfda' };

/**
 * What PDF's own fonts lack: Noto Sans has Latin, Greek and Cyrillic. A letter of another script is drawn as an empty box
 * and stays what it is for whoever copies or searches the text.
 */
const notoSans = readFileSync(
  fileURLToPath(import.meta.resolve('@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf')),
);
/** PDF's own fonts know Western Europe's letters, and need no layout engine. */
const isWestern = (text: string): boolean => /^[\x20-\x7e\u00a0-\u00ffœŒŠšŽžŸ€‘’“”–—…]*$/.test(text);
const fontOf = (text: string): string => (isWestern(text) ? 'Helvetica' : 'Noto Sans');

/** `1234567.89` as it is written in French: grouped by blanks that do not break, with a comma. */
const french = (amount: string): string => {
  const [whole = '', cents = ''] = amount.split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, '\u00a0')},${cents} €`;
};
const day = (iso: string): string => iso.split('-').reverse().join('/');

/** The published state of the log that the statement was made at. */
export type StatementCheckpoint = {
  readonly origin: string;
  readonly size: number;
  /** In base64. */
  readonly root: string;
  readonly signedAtMs: number;
};

type Made = {
  readonly madeAtMs: number;
  readonly civil: CivilTime;
  /** Undefined where the bank signs no log. */
  readonly checkpoint?: StatementCheckpoint | undefined;
};

/** `entries` oldest first; `madeAtMs` in milliseconds since 1970. Gives the file piece by piece. */
export async function* statementPdf(
  account: AccountOverview,
  entries: readonly Entry[],
  { madeAtMs, civil, checkpoint }: Made,
): AsyncGenerator<Uint8Array> {
  const pdf = new PDFDocument({
    ...{ size: 'A4', margin: page.margin, bufferPages: true, lang: 'fr-FR', pdfVersion: '1.7' },
    info: { Title: `Relevé du compte ${account.account}`, Author: 'Grand Livre', CreationDate: new Date(madeAtMs) },
  });
  pdf.registerFont('Noto Sans', notoSans);
  const money = (amountMinor: bigint): string => french(formatAmount(amountMinor, account.currency));
  const sum = (text: string, end: number, y: number): void => {
    pdf.text(text, end - 110, y, { width: 110, align: 'right', lineBreak: false });
  };

  heading(pdf, account, `Établi le ${day(civil.dayOf(madeAtMs))} à ${hour(madeAtMs, civil)} (${civil.timeZone})`);
  const [first] = entries;
  const last = entries.at(-1);
  if (first !== undefined && last !== undefined) {
    const dates = entries.map(({ valueDate }) => valueDate).sort();
    pdf.font('Helvetica').fontSize(10).fillColor(colours.quiet);
    pdf.text(
      `Écritures ${String(first.version)} à ${String(last.version)}, dates de valeur du ${day(dates[0] ?? '')} au ${day(dates.at(-1) ?? '')}`,
      page.margin,
      pdf.y + 6,
    );
  }
  let y = tableHead(pdf, pdf.y + 14);
  const balanceLine = (label: string, balance: bigint): void => {
    pdf.font('Helvetica-Bold').fontSize(10).fillColor(colours.ink);
    pdf.text(label, columns.label, y, { lineBreak: false });
    sum(money(balance), columns.balance, y);
    y += rowHeight + 3;
  };
  balanceLine('Solde initial', first === undefined ? account.balance : first.balanceAfter - first.amount);
  for (const entry of entries) {
    if (y > page.height - page.margin - 2 * rowHeight) {
      pdf.addPage();
      y = tableHead(pdf, page.margin);
    }
    pdf.font('Helvetica').fontSize(9.5).fillColor(colours.ink);
    pdf.text(day(entry.valueDate), columns.date, y, { lineBreak: false });
    const fit = { width: 225, height: rowHeight, ellipsis: true, lineBreak: false };
    const label = statementLabel(entry);
    pdf.font(fontOf(label)).text(label, columns.label, y, fit).font('Helvetica');
    sum(money(entry.amount), columns.amount, y);
    sum(money(entry.balanceAfter), columns.balance, y);
    y += rowHeight;
    pdf
      .moveTo(page.margin, y - 4)
      .lineTo(right, y - 4)
      .lineWidth(0.3)
      .strokeColor(colours.line)
      .stroke();
  }
  y += 4;
  balanceLine('Solde final', last === undefined ? account.balance : last.balanceAfter);
  if (checkpoint !== undefined) checkpointLines(pdf, y, checkpoint, civil);
  numberPages(pdf, account);
  pdf.end();
  yield* pdf as AsyncIterable<Uint8Array>;
}

const checkpointHeight = 52;

function checkpointLines(
  pdf: PDFKit.PDFDocument,
  after: number,
  { origin, size, root, signedAtMs }: StatementCheckpoint,
  civil: CivilTime,
): void {
  let y = after + 8;
  if (y > page.height - page.margin - checkpointHeight) {
    pdf.addPage();
    y = page.margin;
  }
  const signed = `${day(civil.dayOf(signedAtMs))} à ${hour(signedAtMs, civil)} (${civil.timeZone})`;
  pdf.fontSize(8).fillColor(colours.quiet);
  for (const line of [
    `Journal ${origin} : point de contrôle de ${String(size)} événements, signé le ${signed}`,
    `Racine : ${root}`,
  ]) {
    pdf.font(fontOf(line)).text(line, page.margin, y, { width: right - page.margin });
    y = pdf.y + 2;
  }
}

/** `HH:MM` in the bank's zone. */
const hour = (instantMs: number, { timeZone }: CivilTime): string =>
  new Date(instantMs).toLocaleTimeString('fr-FR', { timeZone, hour: '2-digit', minute: '2-digit' });

function heading(pdf: PDFKit.PDFDocument, account: AccountOverview, made: string): void {
  pdf.font('Times-Bold').fontSize(22).fillColor(colours.gold).text('Grand Livre', page.margin, page.margin);
  pdf.font('Helvetica-Bold').fontSize(15).fillColor(colours.ink);
  pdf.text(`Relevé du compte ${account.account}`, page.margin, pdf.y + 8);
  pdf.font('Helvetica').fontSize(11);
  const holder = holderOf(account);
  if (holder !== undefined) pdf.font(fontOf(holder)).text(holder, { width: right - page.margin });
  pdf.font('Helvetica').fontSize(10).fillColor(colours.quiet);
  pdf.text(made);
}

/** Gives where the first row begins. */
function tableHead(pdf: PDFKit.PDFDocument, y: number): number {
  pdf.font('Helvetica-Bold').fontSize(9).fillColor(colours.quiet);
  pdf.text('Valeur', columns.date, y, { lineBreak: false });
  pdf.text('Libellé', columns.label, y, { lineBreak: false });
  pdf.text('Montant', columns.amount - 110, y, { width: 110, align: 'right', lineBreak: false });
  pdf.text('Solde', columns.balance - 110, y, { width: 110, align: 'right', lineBreak: false });
  pdf
    .moveTo(page.margin, y + 14)
    .lineTo(right, y + 14)
    .lineWidth(0.8)
    .strokeColor(colours.gold)
    .stroke();
  return y + 22;
}

function numberPages(pdf: PDFKit.PDFDocument, { account }: AccountOverview): void {
  const { start, count } = pdf.bufferedPageRange();
  for (let index = start; index < start + count; index++) {
    pdf.switchToPage(index);
    // Below the margin, where text would otherwise begin another page.
    pdf.page.margins.bottom = 0;
    pdf.font('Helvetica').fontSize(8).fillColor(colours.quiet);
    const text = `Compte ${account} · page ${String(index + 1)} sur ${String(count)}`;
    pdf.text(text, page.margin, page.height - 34, { width: right - page.margin, align: 'center', lineBreak: false });
  }
}
