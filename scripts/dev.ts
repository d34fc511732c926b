/** `npm run dev`: the bank for whoever works on it: changes are taken up at once, under the address that `npm start` has. */
import { runDevBank } from '../operations/src/dev/run-dev-bank.ts';
import { readInspectorPorts } from '../operations/src/supervisor/inspector-ports.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments, runUntilStopped } from './command.ts';

const usage = 'Usage: npm run dev -- [--inspect server|projector[=PORT]] …   a debugger may attach to that process';

command(async () => {
  const { values } = readArguments(usage, { options: { inspect: { type: 'string', multiple: true } } });
  const inspectorPorts = readInspectorPorts(values.inspect ?? []);
  const config = readConfig(process.env);
  await runUntilStopped((ending) => runDevBank({ config, env: process.env, inspectorPorts, ...ending }));
});
