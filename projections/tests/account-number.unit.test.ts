/** The database tells customers' accounts from the bank's own by the same rule as the domain. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { numberPattern } from '../../ledger/src/domain/events.ts';

test('the read model’s column of account numbers has the domain’s pattern', () => {
  const migration = readFileSync(new URL('../migrations/0001_read_model.sql', import.meta.url), 'utf8');
  const [, pattern] = /account ~ '([^']+)'/.exec(migration) ?? [];
  // PostgreSQL's \d may mean more digits than these ten; JavaScript's does not.
  expect(pattern).toBe(numberPattern.source.replaceAll('\\d', '[0-9]'));
});
