/** The event log is killed under load and comes back: nothing acknowledged is lost, and the server says meanwhile that it is not ready. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decode } from '../../ledger/src/domain/codec.ts';
import { kurrentJournal } from '../../ledger/src/journal/kurrent-journal.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { ready } from '../../api/src/calls/system.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

/** Starts the server that TEST_EVENT_LOG_URL names, in the foreground, so that it can be killed. */
const command = process.env['TEST_EVENT_LOG_COMMAND'] ?? '';
const eventLog = testEventLog();
const needed = command !== '' && eventLog.eventLogUrl !== undefined;

let log: ChildProcess;
let bank: Bank;
beforeAll(async () => {
  if (!needed) return;
  await startLog();
  bank = await openBank({ eventLog });
});
afterAll(async () => {
  if (!needed) return;
  await bank.close();
  log.kill('SIGKILL');
});

async function startLog(): Promise<void> {
  log = spawn('sh', ['-c', `exec ${command}`], { stdio: 'ignore' });
  const journal = kurrentJournal({ url: eventLog.eventLogUrl ?? '', ledger: eventLog.ledger });
  for (let answers = false; !answers;) {
    await sleep(200);
    answers = await journal.head().then(
      () => true,
      () => false,
    );
  }
  await journal.close();
}

async function kill(): Promise<void> {
  log.kill('SIGKILL');
  await once(log, 'exit');
}

test.skipIf(!needed)('SIGKILL of the event log under load', { timeout: 180_000 }, async () => {
  const people = await Promise.all(Array.from({ length: 8 }, () => bank.customer({ amountMinor: 100n })));
  const accepted: { readonly key: string; readonly account: string }[] = [];
  let over = false;
  const move = async ({ account, token }: Customer): Promise<void> => {
    for (let n = 0; !over; n++) {
      const key = `kill-${account}-${String(n)}`;
      for (;;) {
        const reply = await bank.client
          .call(deposit, { token, key, body: { amount: '1.00', pin: person.pin } })
          .catch(() => undefined);
        if (reply?.status === 201) {
          accepted.push({ key, account });
          break;
        }
        await sleep(50);
      }
    }
  };
  const load = Promise.all(people.map(move));
  for (let n = 0; n < 3; n++) {
    await sleep(1_000);
    await kill();
    if (n === 0) {
      const asked = async (): Promise<unknown> => (await bank.client.call(ready, {})).body;
      while (!JSON.stringify(await asked()).includes('The journal cannot be reached.')) await sleep(100);
    }
    await startLog();
  }
  await sleep(2_000);
  over = true;
  await load;

  const journal = kurrentJournal({ url: eventLog.eventLogUrl ?? '', ledger: eventLog.ledger });
  const recorded = (await journal.read({ from: 1, limit: 1_000_000 })).map(decode);
  await journal.close();
  expect(recorded.map(({ position }) => position)).toEqual(recorded.map((_, index) => index + 1));
  const commands = recorded.map(({ metadata }) => metadata.commandId);
  expect(accepted.length).toBeGreaterThan(50);
  for (const { key, account } of accepted) {
    expect(commands.filter((id) => id === `account:${account}:${key}`)).toHaveLength(1);
  }
  for (const { account, token } of people) {
    const deposits = accepted.filter((one) => one.account === account).length;
    const { body } = await bank.client.call(readOwnAccount, { token, query: { after: String(recorded.length) } });
    expect(body.balance).toBe(`${String(deposits + 1)}.00`);
  }
});
