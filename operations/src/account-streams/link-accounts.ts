/** Links each event of the journal into `account-<number>`, inside an EventStoreDB or KurrentDB, for people who look with its own screen. */
import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { Failure } from '../../../ledger/src/failure.ts';

/** Runs inside the event log, which has to run projections. The bank itself never reads these streams. */
const query = (stream: string): string => `
fromStream('${stream}').when({
  $any: function (state, event) {
    var accounts = event.data.postings ? event.data.postings.map(function (posting) { return posting.account; }) : [event.data.account];
    accounts.forEach(function (account) {
      if (account) linkTo('account-' + account, event);
    });
  }
});`;

/** Gives the projection's name, and whether it was there before. Throws a `Failure`. */
export async function linkAccounts(
  eventLogUrl: string,
  ledger: string,
): Promise<{ readonly name: string; readonly isNew: boolean }> {
  const client = KurrentDBClient.connectionString(eventLogUrl.replace(/^esdb(?=[:+])/, 'kurrentdb'));
  const name = `accounts-of-${ledger}`;
  const text = query(`journal-${ledger}`);
  const isNew = await client.createProjection(name, text, { emitEnabled: true }).then(
    () => true,
    () => false,
  );
  try {
    if (!isNew) await client.updateProjection(name, text, { emitEnabled: true });
    await client.enableProjection(name);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `The projection ${name} could not be installed (${reason}): does the event log run projections (--run-projections All)?`,
    );
  } finally {
    await client.dispose();
  }
  return { name, isNew };
}
