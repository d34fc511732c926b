/** Parts that are started one after the other, and stopped in the opposite order however the end comes. */

export type Parts = {
  /** What stops a part that has just been started. */
  readonly add: (stop: () => Promise<void>) => void;
  /** Ends everything: a part cannot go on. */
  readonly fail: (error: unknown) => void;
  readonly isEnding: () => boolean;
};

export type EndingOptions = {
  /** Aborted when everything is to end. */
  readonly signal: AbortSignal;
  /** Told at once, once, of the failure that ends everything. */
  readonly onFailure: (error: unknown) => void;
};

/** Resolves when everything has ended, after the signal or after a failure of `start` or of a part. */
export async function runParts(
  start: (parts: Parts) => Promise<void>,
  { signal, onFailure }: EndingOptions,
): Promise<void> {
  const stops: (() => Promise<void>)[] = [];
  const ending = Promise.withResolvers<undefined>();
  let isEnding = false;
  const end = (): void => {
    isEnding = true;
    ending.resolve(undefined);
  };
  const fail = (error: unknown): void => {
    if (isEnding) return;
    end();
    onFailure(error);
  };
  signal.addEventListener('abort', end);
  start({ add: (stop) => stops.push(stop), fail, isEnding: () => isEnding }).catch(fail);
  await ending.promise;
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
    await stop().catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
    });
  }
}
