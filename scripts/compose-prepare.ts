/** Compose's first step, as root: certificates and passwords. */
import { prepare } from '../operations/src/compose/prepare.ts';
import { readConfig } from '../server/src/config.ts';
import { command } from './command.ts';

command(async () => {
  const made = await prepare(readConfig(process.env).certNames);
  console.log(made.length === 0 ? 'Certificates and passwords are there.' : `Made in certs/: ${made.join(', ')}.`);
});
