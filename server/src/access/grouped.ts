/** Grouping: what is asked while one statement is under way goes into the next, so that a crowd shares one commit. */

type Asked<T, R> = {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
};

const largestGroup = 500;

/** `run` gets a group and gives one result an item, in their order. */
export function grouped<T, R>(run: (items: readonly T[]) => Promise<readonly R[]>): (item: T) => Promise<R> {
  const waiting: Asked<T, R>[] = [];
  let running = false;

  async function runAll(): Promise<void> {
    running = true;
    // What is ready in this turn of the event loop goes together.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const group = waiting.splice(0, largestGroup);
      try {
        const results = await run(group.map(({ item }) => item));
        group.forEach(({ resolve }, index) => {
          resolve(results[index] as R);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    running = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void runAll();
    });
}
