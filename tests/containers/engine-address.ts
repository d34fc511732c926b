/** Where a Docker engine listens, as far as that can be told without asking it. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const runtimeDir = process.env['XDG_RUNTIME_DIR'];
const sockets = [
  '/var/run/docker.sock',
  join(homedir(), '.docker/run/docker.sock'),
  // An engine without root.
  ...(runtimeDir === undefined ? [] : [join(runtimeDir, 'docker.sock')]),
];

/** Whether there may be a Docker engine: its address is given, or a socket is where one has it. */
export const mayHaveEngine = (): boolean => process.env['DOCKER_HOST'] !== undefined || sockets.some(existsSync);
