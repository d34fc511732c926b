/** A statement as a well-set PDF: who, which stretch, opening and closing balance, every entry, page after page. */
import PDFDocument from 'pdfkit';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import type { AccountOverview, Entry } from '../../../projections/src/read-model.ts';
import { holderOf } from './view.ts';

const page = { margin: 50, width: 595.28, height: 841.89 };
const right = page.width - page.margin;
/** Where each column begins; the sums end at `amount` and `balance`. */
const columns = { date: page.margin, label: 120, amount: 440, balance: right };
const rowHeight = 17;
const colours = { ink: '#0c1c36', quiet: '#5a6a85', gold: '#8a6a10', line: '#c9cfda' };

/** The standard fonts know Western Europe's letters; others lose their marks, and at worst become a question mark. */
const printable = (text: string): string =>
  Array.from(text.normalize('NFC'))
    .map((sign) => (isWestern(sign) ? sign : sign.normalize('NFD').replaceAll(/\p{M}/gu, '')))
    .map((sign) => (isWestern(sign) ? sign : '?'))
    .join('');
const isWestern = (sign: string): boolean => /^[\x20-\x7e\u00a0-\u00ffœŒŠšŽžŸ€‘’“”–—…]*$/.test(sign);

/** `1234567.89` as it is written in French: grouped by thin blanks that Helvetica has, with a comma. */
const french = (amount: string): string => {
  const [whole = '', cents = ''] = amount.split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, '\u00a0')},${cents} €`;
};
const day = (iso: string): string => iso.split('-').reverse().join('/');

/** `entries` oldest first; `madeAt` ISO 8601. Gives the file piece by piece. */
export function statementPdf(
  account: AccountOverview,
  entries: readonly Entry[],
  madeAt: string,
): AsyncIterable<Uint8Array> {
  const pdf = new PDFDocument({
    ...{ size: 'A4', margin: page.margin, bufferPages: true, lang: 'fr-FR', pdfVersion: '1.7' },
    info: { Title: `Relevé du compte ${account.account}`, Author: 'Grand Livre', CreationDate: new Date(madeAt) },
  });
  const money = (amountMinor: bigint): string => french(formatAmount(amountMinor, account.currency));
  const sum = (text: string, end: number, y: number): void => {
    pdf.text(text, end - 110, y, { width: 110, align: 'right', lineBreak: false });
  };

  heading(pdf, account, madeAt);
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
    const label = [entry.label, entry.reference].filter((text) => text !== undefined).join(' · ');
    pdf.text(printable(label), columns.label, y, { width: 225, height: rowHeight, ellipsis: true, lineBreak: false });
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
  numberPages(pdf, account);
  pdf.end();
  return pdf;
}

function heading(pdf: PDFKit.PDFDocument, account: AccountOverview, madeAt: string): void {
  pdf.font('Times-Bold').fontSize(22).fillColor(colours.gold).text('Grand Livre', page.margin, page.margin);
  pdf.font('Helvetica-Bold').fontSize(15).fillColor(colours.ink);
  pdf.text(`Relevé du compte ${account.account}`, page.margin, pdf.y + 8);
  pdf.font('Helvetica').fontSize(11);
  const holder = holderOf(account);
  if (holder !== undefined) pdf.text(printable(holder), { width: right - page.margin });
  pdf.fontSize(10).fillColor(colours.quiet);
  pdf.text(`Établi le ${day(madeAt.slice(0, 10))} à ${madeAt.slice(11, 16)} (UTC)`);
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
