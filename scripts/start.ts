/** `npm start`: brings the whole bank up in order, says where it is, watches over it, and takes it down in order. */
import { readInspectorPorts } from '../operations/src/supervisor/inspector-ports.ts';
import { runBank } from '../operations/src/supervisor/run-bank.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments, runUntilStopped } from './command.ts';

const usage = 'Usage: npm start -- [--inspect server|projector[=PORT]] …   a debugger may attach to that process';

command(async () => {
  const { values } = readArguments(usage, { options: { inspect: { type: 'string', multiple: true } } });
  const inspectorPorts = readInspectorPorts(values.inspect ?? []);
  const config = readConfig(process.env);
  await runUntilStopped((ending) => runBank({ config, env: process.env, inspectorPorts, ...ending }));
});
