/** An account's events as JSON lines, oldest first: the very texts the journal holds. */
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';

/** Those at positions `from` to `to`. */
export async function* eventsJsonl(
  {
    readModel,
    journal,
  }: { readonly readModel: Pick<ReadModel, 'eventPositions'>; readonly journal: Pick<Journal, 'readAt'> },
  account: string,
  from: number,
  to: number,
): AsyncGenerator<string> {
  for (let after = from - 1; ;) {
    const positions = (await readModel.eventPositions(account, { after, limit: 500 })).filter((one) => one <= to);
    const last = positions.at(-1);
    if (last === undefined) return;
    const events = await journal.readAt(positions);
    // The stored texts themselves: whoever hashes them finds what was written.
    yield events
      .map(({ position, id, type, data, metadata }) => {
        const head = `"position":${String(position)},"id":${JSON.stringify(id)},"type":${JSON.stringify(type)}`;
        return `{${head},"data":${data},"metadata":${metadata}}\n`;
      })
      .join('');
    after = last;
  }
}
