/** What an auditor downloads: only the wanted range, harmless in a spreadsheet, events as the journal holds them. */
import { expect, test } from 'vitest';
import type { JournalEvent } from '../../ledger/src/journal/journal.ts';
import type { Entry } from '../../projections/src/read-model.ts';
import { entriesCsv } from '../src/http/exports/entries-csv.ts';
import { eventsJsonl } from '../src/http/exports/events-jsonl.ts';

async function whole(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const entry = (version: number, label = 'Dépôt'): Entry => ({
  ...{ entryId: `${String(version)}.1`, account: '17', version, position: version, type: 'deposit', label },
  ...{ recordedAt: '2026-01-31T09:30:00.000Z', valueDate: '2026-01-31' },
  ...{ amount: 100n, balanceAfter: 100n * BigInt(version), currency: 'EUR' },
});

async function* pages(...found: (readonly Entry[])[]): AsyncGenerator<readonly Entry[]> {
  await Promise.resolve();
  yield* found;
}

test('entries are those of the range, across pages', async () => {
  let read = 0;
  const readModel = {
    // As the read model gives them: none before `from` is read at all.
    async *allEntries(_account: string, from = 1) {
      await Promise.resolve();
      for (let version = from; version < 100; version += 2) {
        read++;
        yield [entry(version), entry(version + 1)];
      }
    },
  };
  const [head, ...rows] = (await whole(entriesCsv(readModel, '17', 2, 3))).trimEnd().split('\n');
  expect(head).toBe(
    '\ufeffversion;entryId;position;recordedAt;valueDate;type;label;amount;balanceAfter;counterparty;reference',
  );
  expect(rows).toEqual([
    '2;2.1;2;2026-01-31T09:30:00.000Z;2026-01-31;deposit;Dépôt;1.00;2.00;;',
    '3;3.1;3;2026-01-31T09:30:00.000Z;2026-01-31;deposit;Dépôt;1.00;3.00;;',
  ]);
  expect((await whole(entriesCsv(readModel, '17', 95, 96))).split('\n')).toHaveLength(4);
  expect(read).toBe(2);
});

test.each(['=1+1', '+33 1', '-x', '@sum'])('a label like %j cannot run in a spreadsheet', async (label) => {
  const text = await whole(entriesCsv({ allEntries: () => pages([entry(1, label)]) }, '17', 1, 9));
  expect(text).toContain(`;'${label};`);
});

test('events are the journal’s own texts, one a line, those of the range', async () => {
  const events: readonly JournalEvent[] = Array.from({ length: 1_200 }, (_none, index) => ({
    ...{ position: index + 1, id: `id-${String(index + 1)}`, type: 'Deposited' },
    // Spaces as no JSON.stringify writes them: the text itself must come through.
    ...{ data: `{"n" : ${String(index + 1)}}`, metadata: '{ }' },
  }));
  const readModel = {
    eventPositions: (_account: string, { after = 0, limit = 0 }: { after?: number; limit?: number }) =>
      Promise.resolve(
        events
          .map(({ position }) => position)
          .filter((position) => position > after)
          .slice(0, limit),
      ),
  };
  const journal = {
    readAt: (positions: readonly number[]) =>
      Promise.resolve(events.filter(({ position }) => positions.includes(position))),
  };
  const text = await whole(eventsJsonl({ readModel, journal }, '17', 100, 1_101));
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(1_002);
  expect(lines[0]).toBe('{"position":100,"id":"id-100","type":"Deposited","data":{"n" : 100},"metadata":{ }}');
  expect(lines.at(-1)).toContain('"position":1101,');
});
