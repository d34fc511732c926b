/** Maps and sets of any size: V8's own end at 16,777,216 entries, with an exception at one more. */

/** V8's bound is 2^24; each part stays below it. */
const mostInPart = 2 ** 23;

/** As a Map, save for the order: an entry may come in the place of one that was deleted. With one part it costs what a Map costs. */
export class LargeMap<K, V> implements Iterable<[K, V]> {
  readonly #parts: Map<K, V>[] = [new Map<K, V>()];
  readonly #mostInPart: number;

  constructor(entries: Iterable<readonly [K, V]> = [], most = mostInPart) {
    this.#mostInPart = most;
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#parts.reduce((sum, part) => sum + part.size, 0);
  }

  get(key: K): V | undefined {
    for (const part of this.#parts) {
      const value = part.get(key);
      if (value !== undefined || part.has(key)) return value;
    }
    return undefined;
  }

  has(key: K): boolean {
    return this.#parts.some((part) => part.has(key));
  }

  set(key: K, value: V): void {
    const part = this.#parts.find((one) => one.has(key)) ?? this.#parts.find(({ size }) => size < this.#mostInPart);
    if (part === undefined) this.#parts.push(new Map([[key, value]]));
    else part.set(key, value);
  }

  delete(key: K): boolean {
    return this.#parts.some((part) => part.delete(key));
  }

  *keys(): Generator<K, undefined> {
    for (const part of this.#parts) yield* part.keys();
  }

  *[Symbol.iterator](): Generator<[K, V], undefined> {
    for (const part of this.#parts) yield* part;
  }
}

export class LargeSet<T> implements Iterable<T> {
  readonly #members: LargeMap<T, true>;

  constructor(members: Iterable<T> = [], most = mostInPart) {
    this.#members = new LargeMap([], most);
    for (const member of members) this.add(member);
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  add(member: T): void {
    this.#members.set(member, true);
  }

  delete(member: T): boolean {
    return this.#members.delete(member);
  }

  [Symbol.iterator](): Generator<T, undefined> {
    return this.#members.keys();
  }
}
