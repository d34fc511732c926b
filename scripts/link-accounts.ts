/** `npm run link-accounts`: for people who look with the event log's own screen, links each event into `account-<number>`. */
import { Failure } from '../ledger/src/failure.ts';
import { linkAccounts } from '../operations/src/account-streams/link-accounts.ts';
import { readConfig } from '../server/src/config.ts';
import { command } from './command.ts';

command(async () => {
  const { eventLogUrl, ledger } = readConfig(process.env).eventLog;
  if (eventLogUrl === undefined) {
    throw new Failure('EVENT_LOG_URL is not set: only EventStoreDB and KurrentDB have such streams.');
  }
  const { name, isNew } = await linkAccounts(eventLogUrl, ledger);
  console.log(
    `${isNew ? 'Installed' : 'Updated'}: ${name} links every event of journal-${ledger} into account-<number>.`,
  );
});
