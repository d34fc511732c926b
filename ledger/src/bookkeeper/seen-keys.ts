/** Fingerprints of all command ids in the journal: whether one was ever there, without trusting any other table. */
import { commandKey } from '../journal/command-key.ts';
import type { Copying } from './copying.ts';
import { stepBytes } from './copying.ts';

/**
 * For journals that do not find commands by their keys themselves. 6 bytes a command and up to twice that with the room
 * to grow in. A command that never was is taken for one that was once in 2^58 / the number of commands.
 */
export interface SeenKeys {
  has(commandId: string): boolean;
  add(commandId: string): void;
  /** The fingerprints as they are now, for a snapshot. */
  startCopy(): Copying<SeenColumns>;
}

/** A hash table: 48 bits of each fingerprint in the first free slot from the one that its own bits name; a rest of 0: free. */
type Part = { words: Uint32Array; rests: Uint16Array; count: number };
export type SeenColumns = readonly (Readonly<Part> | undefined)[];

/** A part grows by itself, so that nobody waits while all of them are moved. */
const partBits = 10;
const smallestPart = 8;
/** A table that is fuller takes long to look things up in. */
const mostFull = 0.75;

/** `from` stays as it is: columns read from a snapshot are views of its bytes. */
export function seenKeys(from: SeenColumns = []): SeenKeys {
  const parts = Array.from({ length: 2 ** partBits }, (_, index) => copyOf(from[index]));
  /** The copies under way: each is told of a part before it changes. */
  const copies = new Set<(index: number) => void>();
  return {
    has(commandId) {
      const { index, word, rest } = fingerprint(commandId);
      const part = parts[index];
      return part !== undefined && isTaken(part, slotOf(part, word, rest));
    },
    add(commandId) {
      const { index, word, rest } = fingerprint(commandId);
      const part = (parts[index] ??= emptyPart(smallestPart));
      if (isTaken(part, slotOf(part, word, rest))) return;
      if (copies.size > 0) for (const keep of copies) keep(index);
      put(part, word, rest);
      if (part.count > part.words.length * mostFull) parts[index] = grown(part);
    },
    startCopy() {
      const copy: (Part | undefined)[] = [];
      let copied = 0;
      const keep = (index: number): void => {
        if (index >= copied && !(index in copy)) copy[index] = copyOf(parts[index]);
      };
      copies.add(keep);
      return {
        step() {
          for (let bytes = 0; copied < parts.length && bytes < stepBytes; copied += 1) {
            keep(copied);
            bytes += copy[copied]?.words.byteLength ?? 0;
          }
          if (copied < parts.length) return undefined;
          copies.delete(keep);
          return copy;
        },
      };
    },
  };
}

function fingerprint(commandId: string): { readonly index: number; readonly word: number; readonly rest: number } {
  const key = commandKey(commandId);
  const bits = (from: number, digits: number): number => Number.parseInt(key.slice(from, from + digits), 16);
  return {
    index: bits(0, 4) % 2 ** partBits,
    word: bits(4, 8),
    // Never 0, which is a free slot's.
    rest: bits(12, 4) || 1,
  };
}

const emptyPart = (slots: number): Part => ({ words: new Uint32Array(slots), rests: new Uint16Array(slots), count: 0 });

function copyOf(part: SeenColumns[number]): Part | undefined {
  return part && { words: part.words.slice(), rests: part.rests.slice(), count: part.count };
}

const isTaken = ({ rests }: Part, slot: number): boolean => rests[slot] !== 0;

/** Where the fingerprint is, or the free slot where it belongs. */
function slotOf({ words, rests }: Part, word: number, rest: number): number {
  let slot = word % words.length;
  while (rests[slot] !== 0 && (words[slot] !== word || rests[slot] !== rest)) slot = (slot + 1) % words.length;
  return slot;
}

function put(part: Part, word: number, rest: number): void {
  const slot = slotOf(part, word, rest);
  part.words[slot] = word;
  part.rests[slot] = rest;
  part.count += 1;
}

function grown(part: Part): Part {
  const larger = emptyPart(Math.ceil(part.words.length * 1.5));
  for (const [slot, word] of part.words.entries()) {
    const rest = part.rests[slot] ?? 0;
    if (rest !== 0) put(larger, word, rest);
  }
  return larger;
}
