/** What containers need: an engine, compose, and images; each found, or a reason to skip. */
import { execFileSync } from 'node:child_process';
import { mayHaveEngine } from './engine-address.ts';

// Nothing that these tests start outlives them, and nothing else is fetched for that.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';

const answers = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
};

/** Whether a Docker engine answers. Only where there may be one is the package installed that asks it. */
export const hasEngine = mayHaveEngine() && (await answersTestcontainers());

async function answersTestcontainers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/** `docker compose`, or the `docker-compose` of old; undefined: neither. */
export const compose: { readonly executable?: { readonly standalone: true } } | undefined = !hasEngine
  ? undefined
  : answers('docker', 'compose', 'version')
    ? {}
    : answers('docker-compose', 'version')
      ? { executable: { standalone: true } }
      : undefined;

/** As docker-compose.yml names them; `none` where there is no such image. */
export const images = {
  postgres: process.env['POSTGRES_IMAGE'] ?? 'postgres:18.4-bookworm',
  kurrentdb: process.env['KURRENTDB_IMAGE'] ?? 'kurrentplatform/kurrentdb:26.1.1',
};

/** Whether the event log can run in a container here. */
export const hasEventLog = hasEngine && images.kurrentdb !== 'none';
