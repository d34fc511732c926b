/** The bank under development: server and projector start again when a file of theirs changes, the screens reload by themselves. */
import { freePort } from '../free-port.ts';
import { environmentsOf } from '../log-in-roles.ts';
import { ensureVerifierPage } from '../screens/build.ts';
import { superviseChildren } from '../supervisor/children.ts';
import { greet } from '../supervisor/greeting.ts';
import { runParts } from '../supervisor/parts.ts';
import type { RunOptions } from '../supervisor/run-bank.ts';
import { openStores, prepareMachine } from '../supervisor/stores.ts';
import { openFront } from './front.ts';

const lifeLine = new URL(`life-line.ts?supervisor=${String(process.pid)}`, import.meta.url);

/** Resolves when all of it has ended. */
export function runDevBank({ config, env, inspectorPorts, ...ending }: RunOptions): Promise<void> {
  return runParts(async (parts) => {
    const ca = await prepareMachine(config);
    await ensureVerifierPage();
    const { logIns, sample } = await openStores(parts, config);
    const serverPort = await freePort();
    const children = superviseChildren({
      env: environmentsOf(
        {
          ...{ ...env, TERMINALS: config.terminals },
          ...{ HOST: '127.0.0.1', PORT: String(serverPort), BEHIND_PROXY: 'no' },
        },
        logIns,
      ),
      stateDir: config.stateDir,
      inspectorPorts,
      nodeOptions: ['--watch', '--watch-preserve-output', '--import', lifeLine.href],
      onGiveUp: parts.fail,
    });
    parts.add(() => children.stop());
    parts.add(await openFront({ ...config, serverPort }));
    await children.started;
    await greet({ config, ca, sample, logIns });
    console.log('Changed files are taken up at once. What happens is in npm run logs.\n');
  }, ending);
}
