/** An amount as a number, for drawing only: nothing is calculated with it. */
export const heightOf = (decimal: string): number => Number(decimal);
