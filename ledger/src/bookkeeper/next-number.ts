/** The next number that the bank gives by itself, to an account or a customer. */

/** Numbers have at most 15 digits, which JavaScript's numbers hold exactly. */
const largestNumber = 999_999_999_999_999;

export interface NextNumber {
  /** One more than `last`, the highest given so far; where that is too long, the lowest that nobody has. */
  after(last: number): number;
}

/** An import may bring the highest number there is; what is free below it then lasts for longer than the bank. */
export function createNextNumber(isTaken: (number: number) => boolean): NextNumber {
  // Numbers are never given back, so everything below it stays taken.
  let lowestFree = 1;
  return {
    after(last) {
      if (last < largestNumber) return last + 1;
      while (isTaken(lowestFree)) lowestFree += 1;
      return lowestFree;
    },
  };
}
