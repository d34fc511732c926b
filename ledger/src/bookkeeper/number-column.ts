/** Numbers in the order they came, in one array that is copied quickly. */
import type { Copying } from './copying.ts';
import { stepBytes } from './copying.ts';

export interface NumberColumn {
  push(number: number): void;
  /** Takes the last one away. */
  pop(): void;
  /** Of what is there now: none of that is taken away any more. */
  startCopy(): Copying<Float64Array>;
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
    startCopy() {
      const copy = new Float64Array(count);
      let copied = 0;
      return {
        step() {
          const end = Math.min(copied + stepBytes / Float64Array.BYTES_PER_ELEMENT, copy.length);
          copy.set(numbers.subarray(copied, end), copied);
          copied = end;
          return copied < copy.length ? undefined : copy;
        },
      };
    },
  };
}
