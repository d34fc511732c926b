/** `npm run link-accounts`: an account's events are in a stream of their own, for the event log's own screen. */
import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { kurrentJournal } from '../../ledger/src/journal/kurrent-journal.ts';

const url = process.env['TEST_EVENT_LOG_URL'] ?? '';
const script = fileURLToPath(new URL('../../scripts/link-accounts.ts', import.meta.url));
const run = (env: NodeJS.ProcessEnv): { readonly status: number | null; readonly said: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, said: stdout + stderr };
};

test('where the journal is in PostgreSQL there is nothing to link', () => {
  const { status, said } = run({ EVENT_LOG_URL: '' });
  expect(status).toBe(1);
  expect(said).toBe('EVENT_LOG_URL is not set: only EventStoreDB and KurrentDB have such streams.\n');
});

test.skipIf(url === '')('each event is linked to every account it concerns', { timeout: 60_000 }, async (context) => {
  const ledger = randomUUID();
  const [payer, payee] = [`a${ledger}`, `b${ledger}`];
  const journal = kurrentJournal({ url, ledger });
  const stored = (type: string, data: unknown) => ({
    id: randomUUID(),
    type,
    data: JSON.stringify(data),
    metadata: '{}',
  });
  const transferred = stored('Transferred', { postings: [{ account: payer }, { account: payee }] });
  const frozen = stored('AccountFrozen', { account: payee });
  await journal.append([transferred, frozen], { after: 0 });
  const { status, said } = run({ EVENT_LOG_URL: url, LEDGER: ledger });
  if (said.includes('does the event log run projections')) context.skip('the event log runs no projections');
  expect(said).toContain(`links every event of journal-${ledger} into account-<number>`);
  expect(status).toBe(0);
  // Again, as after an update.
  expect(run({ EVENT_LOG_URL: url, LEDGER: ledger }).said).toMatch(/^Updated/);

  const client = KurrentDBClient.connectionString(url.replace(/^esdb(?=[:+])/, 'kurrentdb'));
  const linked = async (account: string): Promise<readonly (string | undefined)[]> => {
    const ids: (string | undefined)[] = [];
    try {
      for await (const { event } of client.readStream(`account-${account}`, { resolveLinkTos: true })) {
        ids.push(event?.id);
      }
    } catch {
      // The stream is not there yet.
    }
    return ids;
  };
  while ((await linked(payee)).length < 2) await sleep(200);
  expect(await linked(payee)).toEqual([transferred.id, frozen.id]);
  expect(await linked(payer)).toEqual([transferred.id]);
  await Promise.all([client.dispose(), journal.close()]);
});
