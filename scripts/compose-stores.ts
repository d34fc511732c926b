/** Compose's second step: the stores. */
import { prepareStores } from '../operations/src/compose/prepare-stores.ts';
import { readConfig } from '../server/src/config.ts';
import { command } from './command.ts';

command(async () => {
  const hasFirstStaff = await prepareStores(readConfig(process.env));
  if (hasFirstStaff) console.log('The first staff log-in: docker compose exec projector cat /state/first-staff');
});
