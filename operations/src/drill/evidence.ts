/** Collects what the checker needs once the load has ended: the whole journal, the read model, and what a rebuild makes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { beginVerification, listVerifications } from '../../../api/src/calls/verification.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { readPublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import { rebuildReadModel } from '../read-model/rebuild-read-model.ts';
import type { DrilledBank } from './drilled-bank.ts';
import type { Evidence, Shown } from './history.ts';
import type { Staff } from './operator.ts';
import { beginStaffSession } from './operator.ts';
import type { Recorder } from './recorder.ts';
import { askUntilAnswered } from './recorder.ts';

const pageSize = 10_000;
const catchUpWithinMs = 120_000;
const verifyWithinMs = 300_000;

export async function collectEvidence(bank: DrilledBank, recorder: Recorder, auditor: Staff): Promise<Evidence> {
  const pool = new pg.Pool({ connectionString: bank.postgres.url, max: 2 });
  // A lost connection is met by the statement that needs it.
  pool.on('error', () => undefined);
  try {
    const journal = await readJournal(bank, pool);
    await untilProjected(pool, journal.length);
    await untilSigned(pool, journal.length);
    const shown = await readShown(pool);
    const notAsRebuilt = [...(await compareRebuilt(bank)), ...(await verify(recorder, auditor))];
    const { operations, reads, snapshots, totals } = recorder;
    return { operations, reads, snapshots, totals, journal, shown, notAsRebuilt };
  } finally {
    await pool.end();
  }
}

async function readJournal({ eventLog }: DrilledBank, pool: pg.Pool): Promise<readonly Recorded[]> {
  const journal = openJournal(eventLog, pool);
  try {
    const events: Recorded[] = [];
    for (;;) {
      const page = await journal.read({ from: events.length + 1, limit: pageSize });
      for (const one of page) events.push(decode(one));
      if (page.length < pageSize) return events;
    }
  } finally {
    await journal.close();
  }
}

async function untilProjected(pool: pg.Pool, head: number): Promise<void> {
  const until = performance.now() + catchUpWithinMs;
  for (;;) {
    const { rows } = await pool.query<{ position: string }>('select position from read.checkpoint');
    const position = Number(rows[0]?.position);
    if (position >= head) return;
    if (performance.now() > until) {
      throw new Failure(
        `The read model is at ${String(position)} and does not get to the journal's end, ${String(head)}.`,
      );
    }
    await sleep(100);
  }
}

/** The verification then compares the whole journal with what was signed. */
async function untilSigned(pool: pg.Pool, head: number): Promise<void> {
  const until = performance.now() + catchUpWithinMs;
  for (;;) {
    const log = await readPublishedLog(pool);
    if ((log?.size ?? 0) >= head) return;
    if (performance.now() > until) {
      const why = log?.stopped ?? 'it does not get to the journal’s end';
      throw new Failure(`The log is signed up to ${String(log?.size ?? 0)} of ${String(head)} events: ${why}.`);
    }
    await sleep(100);
  }
}

async function readShown(pool: pg.Pool): Promise<readonly Shown[]> {
  const { rows } = await pool.query<{ account: string; balance: string; version: string; status: string }>(
    'select account, balance, version, status from read.accounts join read.balances using (account)',
  );
  return rows.map(({ account, balance, version, status }) => ({
    ...{ account, status, balanceMinor: BigInt(balance), version: Number(version) },
  }));
}

async function compareRebuilt(bank: DrilledBank): Promise<Evidence['notAsRebuilt']> {
  const rebuilt = await rebuildReadModel({
    ...{ ownerUrl: bank.postgres.url, logIns: bank.logIns, eventLog: bank.eventLog },
    masterKeys: bank.secrets.masterKeys,
    onProgress: () => undefined,
  });
  if (rebuilt === 'under way already') throw new Failure('A rebuild is under way that this drill did not begin.');
  return rebuilt.comparisons.filter(({ differing }) => differing > 0);
}

/** The bank's own verification, by the public API. */
async function verify(recorder: Recorder, auditor: Staff): Promise<Evidence['notAsRebuilt']> {
  const asking = {
    sent: () => ({ token: auditor.token }),
    renew: () => beginStaffSession(recorder, auditor),
    chance: auditor.chance,
  };
  const begun = await askUntilAnswered(recorder, beginVerification, asking);
  const until = performance.now() + verifyWithinMs;
  while (performance.now() < until) {
    const listed = await askUntilAnswered(recorder, listVerifications, asking);
    const all = (listed?.body['verifications'] ?? []) as readonly {
      readonly id: number;
      readonly state: string;
      readonly differences?: readonly unknown[];
    }[];
    const one = all.find(({ id }) => id === begun?.body['id']);
    if (one !== undefined && one.state !== 'running') {
      if (one.state === 'passed') return [];
      return [{ table: `the bank's own verification: ${one.state}`, differing: one.differences?.length ?? 0 }];
    }
    await sleep(500);
  }
  return [{ table: "the bank's own verification: without an end", differing: 0 }];
}
