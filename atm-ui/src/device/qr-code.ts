/** A QR code as the path of an SVG, quiet zone included. */
import { encode } from 'uqr';

/** ISO/IEC 18004: so many light modules around it. */
const quietModules = 4;

export type QrCode = { readonly sizeModules: number; readonly path: string };

/** Of capitals, digits and few signs: the smallest code there is for so much text, since paper is not crumpled here. */
export function qrCode(text: string): QrCode {
  const { size, data } = encode(text, { ecc: 'L', border: quietModules });
  const runs = data.flatMap((row, y) =>
    [
      ...row
        .map((isDark) => (isDark ? '1' : '0'))
        .join('')
        .matchAll(/1+/g),
    ].map(({ index, 0: { length } }) => `M${String(index)} ${String(y)}h${String(length)}v1h-${String(length)}z`),
  );
  return { sizeModules: size, path: runs.join('') };
}
