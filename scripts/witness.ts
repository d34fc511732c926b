/** `npm run witness`: cosigns the checkpoints of the logs it knows; it needs neither a database nor the bank. */
import { once } from 'node:events';
import { createLog } from '../ledger/src/log.ts';
import { readWitnessConfig } from '../operations/src/witness/settings.ts';
import { startWitness } from '../operations/src/witness/witness.ts';
import { command, readArguments, runUntilStopped } from './command.ts';

const usage =
  'Usage: npm run witness, with the keys of the logs in WITNESS_LOGS, or one in each line of the file WITNESS_LOGS_FILE.';

command(async () => {
  readArguments(usage, {});
  const { logLevel, ...config } = readWitnessConfig(process.env);
  await runUntilStopped(async ({ signal }) => {
    const witness = await startWitness({ ...config, log: createLog('witness', logLevel) });
    console.log(`The line for the policy of a log that it witnesses:\n${witness.policyLine}`);
    if (config.logs.length === 0) {
      console.log('It knows no log yet: set WITNESS_LOGS to the key that a bank’s signer logs when it starts.');
    }
    if (!signal.aborted) await once(signal, 'abort');
    await witness.close();
  });
});
