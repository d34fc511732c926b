/** The server's process: reads the configuration, starts the server, says when it is ready, and ends in order. */
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import { endWith } from '../../ledger/src/failure.ts';
import { assertLimitedRole } from '../../ledger/src/limited-role.ts';
import { createLog } from '../../ledger/src/log.ts';
import { openTracer } from '../../ledger/src/tracing/open-tracer.ts';
import { bankVersion } from '../../ledger/src/version.ts';
import type { ServerConfig } from './config.ts';
import { readServerConfig } from './config.ts';
import { loadSecrets } from './secrets.ts';
import type { RunningServer } from './start-server.ts';
import { startServer } from './start-server.ts';

/** Longer than all the waits of a stop together, that for the requests under way first (`listener.ts`). */
const endWithinMs = 20_000;

const config = configuration();
const log = createLog('server', config.logLevel);
const tracer = await openTracer(process.env, 'server', log);

function configuration(): ServerConfig {
  try {
    return readServerConfig(process.env);
  } catch (error) {
    return endWith(error);
  }
}

async function start(): Promise<RunningServer> {
  await assertLimitedRole(config.databaseUrl, 'SERVER_DATABASE_URL');
  return startServer({
    ...config,
    secrets: await loadSecrets(config.stateDir, config.databaseUrl),
    version: bankVersion(),
    log,
    ...(tracer && { tracer }),
    onBroken: (error) => {
      const what =
        error instanceof BrokenHistory ? 'the journal contradicts itself' : 'the bookkeeper met a defect of its own';
      log.fatal({ err: error }, `${what}: this process cannot go on`);
      process.exit(1);
    },
  });
}

/** One sentence for what an operator can mend; the log has the rest. */
function sentence(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `${config.host}:${String(config.port)}`;
  if (code === 'EADDRINUSE') return `${where} is taken by another program: stop it, or set PORT to a free port.`;
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `The server may not listen on ${where}: set PORT and HOST.`;
  return `The server could not start: ${error instanceof Error ? error.message : String(error)}`;
}

const server = await start().catch((error: unknown) => {
  log.fatal({ err: error }, 'the server could not start');
  console.error(sentence(error));
  process.exit(1);
});

let ending = false;
function end(why: string): void {
  if (ending) return;
  ending = true;
  log.info({ why }, 'the server ends');
  setTimeout(() => {
    log.error('the server did not end in time');
    process.exit(1);
  }, endWithinMs).unref();
  server
    .stop()
    .then(() => tracer?.stop())
    .then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the server did not end in order');
        process.exit(1);
      },
    );
}

process.on('SIGTERM', () => {
  end('SIGTERM');
});
// Ctrl-C reaches every process of the terminal; the supervisor says when it is the server's time to end.
process.on('SIGINT', () => {
  if (!process.connected) end('SIGINT');
});
// Nothing outlives the supervisor.
process.on('disconnect', () => {
  end('the supervisor is gone');
});

log.info({ port: server.port }, 'the server listens');
process.send?.({ ready: true });
