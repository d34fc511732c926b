/** `npm run link-accounts`: for people who look with the event log's own screen, links each event into `account-<number>`. */
import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { endWith, Failure } from './failure.ts';

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

async function main(): Promise<void> {
  const { eventLogUrl, ledger } = readConfig(process.env).eventLog;
  if (eventLogUrl === undefined) {
    throw new Failure('EVENT_LOG_URL is not set: only EventStoreDB and KurrentDB have such streams.');
  }
  const client = KurrentDBClient.connectionString(eventLogUrl.replace(/^esdb(?=[:+])/, 'kurrentdb'));
  const name = `accounts-of-${ledger}`;
  const text = query(`journal-${ledger}`);
  const made = await client.createProjection(name, text, { emitEnabled: true }).then(
    () => true,
    () => false,
  );
  try {
    if (!made) await client.updateProjection(name, text, { emitEnabled: true });
    await client.enableProjection(name);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `The projection ${name} could not be installed (${reason}): does the event log run projections (--run-projections All)?`,
    );
  } finally {
    await client.dispose();
  }
  console.log(
    `${made ? 'Installed' : 'Updated'}: ${name} links every event of journal-${ledger} into account-<number>.`,
  );
}

main().catch((error: unknown) => {
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
});
