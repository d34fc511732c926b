/** A short tamper drill: whatever the owner of the database alters is named; and what nobody can find is shown. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseVkey, vkeyOf } from '../ledger/src/transparency/note.ts';
import { chanceOf } from '../operations/src/drill/chance.ts';
import { once, tamperDrill, tamperText } from '../operations/src/drill/tamper.ts';
import type { TamperBank } from '../operations/src/drill/tamper-bank.ts';
import { openTamperBank } from '../operations/src/drill/tamper-bank.ts';
import { rewrittenByAllKeys } from '../operations/src/drill/history-tamperings.ts';
import { tamperings } from '../operations/src/drill/tamperings.ts';
import { nothingKnownOutside } from '../server/src/audit/outside-log.ts';

/** 5,000 were carried out once: docs/drill.md. */
const count = 15 * Object.keys(tamperings).length;

let bank: TamperBank;
beforeAll(async () => {
  bank = await openTamperBank();
}, 300_000);
afterAll(() => bank.close());

test('whatever is altered is named', { timeout: 600_000, retry: 0 }, async () => {
  const report = await tamperDrill({ bank, count, seed: 16, signal: new AbortController().signal });
  expect(report.undetected, tamperText(report)).toEqual([]);
  expect(report.unnamed, tamperText(report)).toEqual([]);
  expect([...report.kinds.keys()]).toEqual(Object.keys(tamperings));
});

test('a rewrite by somebody with every key of the bank is found by what was seen before or by a witness, and by nothing else', async () => {
  const { outside } = bank;
  const withoutBoth = { ...nothingKnownOutside, key: parseVkey(vkeyOf(bank.key)) };
  const found = async (known: typeof outside) => (await once(bank, rewrittenByAllKeys, chanceOf(1), known)).foundBy;
  expect(await found({ ...withoutBoth, remembered: outside.remembered })).toEqual(['seen before']);
  expect(await found({ ...withoutBoth, answers: outside.answers })).toEqual(['witness']);
  // Who also holds every witness and the server's disk is not found.
  expect(await found(withoutBoth)).toEqual([]);
});
