/** How high a sum is drawn. What comes out is pixels' business and never a sum again. */
export const heightOf = (decimal: string): number => Number(decimal);
