/** Names as the search compares them: no case, no accents, nothing but letters and digits between single blanks. */

/** Letters that Unicode does not take apart into a plain letter and its mark, and the sigma that ends a word. */
const plain: Readonly<Record<string, string>> = {
  ...{ œ: 'oe', æ: 'ae', ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ŧ: 't', ı: 'i', ς: 'σ' },
  // Apostrophes that Unicode counts as letters.
  ...{ ʼ: ' ', ʻ: ' ' },
};

/** To capitals first: letters that differ only as small ones, such as ı and i, have one. */
export const normaliseName = (name: string): string =>
  name
    .toUpperCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[œæßøłđðþħŧıςʼʻ]/g, (letter) => plain[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
