/** The batcher: what comes while one batch is under way shares the next, each with its own result. */
import { expect, test } from 'vitest';
import { batcher, largestBatch } from '../src/access/batcher.ts';

/** A batcher whose batches end when the test says so. */
function heldBatcher() {
  const begun: { readonly items: readonly number[]; readonly held: PromiseWithResolvers<readonly string[]> }[] = [];
  const ask = batcher((items: readonly number[]) => {
    const held = Promise.withResolvers<readonly string[]>();
    begun.push({ items, held });
    return held.promise;
  });
  const begin = async (count: number): Promise<void> => {
    await expect.poll(() => begun.length).toBe(count);
  };
  return { ask, begun, begin };
}
const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

test('what is asked for at the same moment is one batch, and each gets its own result', async () => {
  const sizes: number[] = [];
  const ask = batcher((items: readonly number[]) => {
    sizes.push(items.length);
    return Promise.resolve(items.map((item) => item * 2));
  });
  expect(await Promise.all(range(20).map(ask))).toEqual(range(20).map((item) => item * 2));
  expect(sizes).toEqual([20]);
});

test('what comes while a batch is under way waits for it and shares the next', async () => {
  const { ask, begun, begin } = heldBatcher();
  const first = ask(1);
  await begin(1);
  const others = [2, 3, 4].map(ask);
  expect(begun.map(({ items }) => items)).toEqual([[1]]);
  begun[0]?.held.resolve(['one']);
  expect(await first).toBe('one');
  await begin(2);
  expect(begun[1]?.items).toEqual([2, 3, 4]);
  begun[1]?.held.resolve(['two', 'three', 'four']);
  expect(await Promise.all(others)).toEqual(['two', 'three', 'four']);
});

test('a batch that fails fails those in it, and nobody after them', async () => {
  const { ask, begun, begin } = heldBatcher();
  const first = Promise.allSettled([1, 2].map(ask));
  await begin(1);
  const next = ask(3);
  begun[0]?.held.reject(new Error('lost'));
  expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await begin(2);
  begun[1]?.held.resolve(['three']);
  expect(await next).toBe('three');
});

test('a batch has its largest size', async () => {
  const { ask, begun, begin } = heldBatcher();
  const all = Promise.all(range(largestBatch + 1).map(ask));
  await begin(1);
  begun[0]?.held.resolve(range(largestBatch).map(String));
  await begin(2);
  expect(begun.map(({ items }) => items.length)).toEqual([largestBatch, 1]);
  begun[1]?.held.resolve([String(largestBatch)]);
  expect(await all).toEqual(range(largestBatch + 1).map(String));
});
