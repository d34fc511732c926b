/** Numbers in the order they came, in one array that is copied in no time. */

export interface NumberColumn {
  push(number: number): void;
  /** Takes the last one away. */
  pop(): void;
  copy(): Float64Array;
}

const leastCapacity = 1024;

export function createNumberColumn(from: Float64Array = new Float64Array()): NumberColumn {
  let count = from.length;
  let numbers = new Float64Array(Math.max(leastCapacity, count));
  numbers.set(from);
  return {
    push(number) {
      if (count === numbers.length) {
        const larger = new Float64Array(count * 2);
        larger.set(numbers);
        numbers = larger;
      }
      numbers[count++] = number;
    },
    pop() {
      count -= 1;
    },
    copy: () => numbers.slice(0, count),
  };
}
