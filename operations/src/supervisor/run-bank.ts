/** The whole bank from its start to its end: brought up in order, watched over, taken down in order. */
import type { Config } from '../../../server/src/config.ts';
import { environmentsOf } from '../log-in-roles.ts';
import { ensureScreens } from '../screens/build.ts';
import type { InspectorPorts } from './children.ts';
import { superviseChildren } from './children.ts';
import { greet } from './greeting.ts';
import type { EndingOptions } from './parts.ts';
import { runParts } from './parts.ts';
import { openStores, prepareMachine } from './stores.ts';

export type RunOptions = EndingOptions & {
  readonly config: Config;
  /** The environment of the bank's processes. */
  readonly env: NodeJS.ProcessEnv;
  readonly inspectorPorts: InspectorPorts;
};

/** Resolves when all of it has ended. */
export function runBank({ config, env, inspectorPorts, ...ending }: RunOptions): Promise<void> {
  return runParts(async (parts) => {
    const ca = await prepareMachine(config);
    await ensureScreens();
    const { logIns, sample } = await openStores(parts, config);
    const children = superviseChildren({
      env: environmentsOf({ ...env, TERMINALS: config.terminals }, logIns),
      stateDir: config.stateDir,
      inspectorPorts,
      nodeOptions: [],
      onGiveUp: parts.fail,
    });
    parts.add(() => children.stop());
    await children.started;
    await greet({ config, ca, sample, logIns });
  }, ending);
}
