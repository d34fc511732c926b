/** Both durable journals keep the port's promises on servers in containers, of the versions that compose names. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe } from 'vitest';
import type { Adapter } from '../../ledger/tests/journal.suite.ts';
import { journalSuite } from '../../ledger/tests/journal.suite.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { kurrentJournal } from '../../ledger/src/journal/kurrent-journal.ts';
import { postgresJournal } from '../../ledger/src/journal/postgres-journal.ts';
import { migrate } from '../../operations/src/migrate.ts';
import { hasEngine, hasEventLog, images } from './engine.ts';

async function postgresInContainer(): Promise<Adapter> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const password = randomUUID();
  const container = await new GenericContainer(images.postgres)
    .withEnvironment({ POSTGRES_USER: 'grandlivre', POSTGRES_PASSWORD_FILE: '/password' })
    .withCopyContentToContainer([{ content: password, target: '/password' }])
    .withExposedPorts(5432)
    // Once while the cluster is made, once for good.
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const at = `grandlivre:${password}@${container.getHost()}:${String(container.getMappedPort(5432))}`;
  const urls = new Map<Journal, string>();
  const pools: pg.Pool[] = [];
  const open = (url: string): Journal => {
    const pool = new pg.Pool({ connectionString: url, options: '-c role=grandlivre_server' });
    pools.push(pool);
    const journal = postgresJournal({ pool });
    urls.set(journal, url);
    return journal;
  };
  const owner = new pg.Pool({ connectionString: `postgres://${at}/grandlivre`, max: 1 });
  return {
    async empty() {
      const name = `journal_${randomUUID().replaceAll('-', '')}`;
      await owner.query(`create database ${name}`);
      await migrate(`postgres://${at}/${name}`);
      return open(`postgres://${at}/${name}`);
    },
    another: (journal) => open(urls.get(journal) ?? ''),
    async close() {
      await Promise.all([owner, ...pools].map((pool) => pool.end()));
      await container.stop();
    },
  };
}

async function eventLogInContainer(): Promise<Adapter> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(images.kurrentdb)
    .withEnvironment({ KURRENTDB_INSECURE: 'true', KURRENTDB_TELEMETRY_OPTOUT: 'true' })
    .withExposedPorts(2113)
    .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
    .start();
  const url = `kurrentdb://${container.getHost()}:${String(container.getMappedPort(2113))}?tls=false`;
  const ledgers = new Map<Journal, string>();
  const open = (ledger: string): Journal => {
    const journal = kurrentJournal({ url, ledger });
    ledgers.set(journal, ledger);
    return journal;
  };
  return {
    empty: () => Promise.resolve(open(randomUUID())),
    another: (journal) => open(ledgers.get(journal) ?? ''),
    async close() {
      for (const journal of ledgers.keys()) await journal.close();
      await container.stop();
    },
  };
}

describe.skipIf(!hasEngine)('in a container', () => {
  journalSuite('PostgreSQL in a container', postgresInContainer);
});
describe.skipIf(!hasEventLog)('in a container', () => {
  journalSuite('KurrentDB in a container', eventLogInContainer);
});
