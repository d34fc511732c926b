/** Compose's first step, as root: certificates, passwords, and the keys of the log and its witness. */
import { prepare, signerStateDir } from '../operations/src/compose/prepare.ts';
import { readKeyOf } from '../operations/src/signer/settings.ts';
import { readConfig } from '../server/src/config.ts';
import { command } from './command.ts';

command(async () => {
  const log = await readKeyOf(process.env, { stateDir: signerStateDir });
  const made = await prepare(readConfig(process.env).certNames, log);
  console.log(made.length === 0 ? 'Certificates and passwords are there.' : `Made in certs/: ${made.join(', ')}.`);
});
