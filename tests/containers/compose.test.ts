/** The whole of docker-compose.yml, run for real: a session through two servers, and what happens when each part is killed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StartedDockerComposeEnvironment } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOwnEntries, openAccount, readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Client } from '../../server/tests/support/client.ts';
import { addTerminal } from '../../operations/src/certificates/terminals.ts';
import { freePort } from '../../operations/src/free-port.ts';
import { connect } from '../../server/tests/support/client.ts';
import { person } from '../../server/tests/support/bank.ts';
import { compose, hasEventLog } from './engine.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const profile = process.env['COMPOSE_PROFILES'] ?? 'single';
const canRun = compose !== undefined && (profile === 'postgres' || hasEventLog);

describe.skipIf(!canRun)('docker compose up', () => {
  const certs = mkdtempSync(join(tmpdir(), 'grand-livre-certs-'));
  const project = `grand-livre-${String(process.pid)}`;
  let environment: StartedDockerComposeEnvironment | undefined;
  let port = 0;
  let ca = '';
  /** A terminal's certificate and key: without, nobody is a customer here. */
  let terminal: { readonly cert: string; readonly key: string } | undefined;
  const clients: Client[] = [];
  const newClient = (): Client => {
    const client = connect(port, { ca, ...terminal });
    clients.push(client);
    return client;
  };
  const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' });
  const containers = (service: string): string[] =>
    docker(
      ...['ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`],
      ...['--filter', `label=com.docker.compose.service=${service}`],
    )
      .split('\n')
      .filter((id) => id !== '');

  beforeAll(async () => {
    port = await freePort();
    const { DockerComposeEnvironment } = await import('testcontainers');
    environment = await new DockerComposeEnvironment(root, 'docker-compose.yml')
      .withProjectName(project)
      .withClientOptions(compose ?? {})
      .withEnvironment({ COMPOSE_PROFILES: profile, PORT: String(port), CERTS_DIR: certs })
      .up();
    ca = readFileSync(join(certs, 'ca.crt'), 'utf8');
    const folder = await addTerminal(certs, 'kiosk', 'password', Date.now());
    const [cert, key] = ['terminal.crt', 'terminal.key'].map((name) => readFileSync(join(folder, name), 'utf8'));
    terminal = { cert: cert ?? '', key: key ?? '' };
    await answers();
  }, 600_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await environment?.down({ removeVolumes: true });
    rmSync(certs, { recursive: true, force: true });
  }, 120_000);

  /** Waits until the bank says that it is ready. */
  async function answers(): Promise<void> {
    for (let isReady = false; !isReady;) {
      await sleep(200);
      const client = connect(port, { ca });
      const reply = await client.raw('GET', '/health/ready').catch(() => undefined);
      await client.close();
      isReady = reply?.status === 200;
    }
  }

  async function customer(client: Client): Promise<{ readonly account: string; readonly token: string }> {
    const { accountNumber } = (await client.call(openAccount, { body: person })).body;
    const { token } = (await client.call(logIn, { body: { accountNumber, pin: person.pin } })).body;
    return { account: accountNumber, token };
  }

  /** Deposits one euro again and again while `harm` is done, each key until it is answered; gives how many. */
  async function depositsDuring(harm: () => Promise<void>): Promise<{ made: number; balance: string }> {
    const { token } = await customer(newClient());
    const over = new AbortController();
    let made = 0;
    let last = 0;
    const load = (async () => {
      for (let client = newClient(); !over.signal.aborted; made++) {
        for (;;) {
          const sent = { token, key: `c-${String(made)}`, body: { amount: '1.00', pin: person.pin } };
          const reply = await client.call(deposit, sent).catch(() => undefined);
          if (reply?.status === 201) {
            last = reply.body.position;
            break;
          }
          await sleep(100);
          // A broken connection may lead to the other server next time.
          client = newClient();
        }
      }
    })();
    await sleep(500);
    await harm();
    await sleep(1_000);
    over.abort();
    await load;
    // The projector may have something to catch up with.
    for (;;) {
      await answers();
      const { balance, position } = (await newClient().call(readOwnAccount, { token })).body;
      if (position >= last) return { made, balance };
    }
  }

  const kill = (service: string) => async (): Promise<void> => {
    const [container = ''] = containers(service);
    docker('kill', '--signal=KILL', container);
    await sleep(1_000);
    // Killed by hand counts as stopped by hand: the restart policy leaves it to whoever did it.
    docker('start', container);
  };

  test('without a terminal’s certificate nobody is a customer', async () => {
    const stranger = connect(port, { ca });
    clients.push(stranger);
    expect((await stranger.call(openAccount, { body: person })).body.code).toBe('forbidden');
  });

  test('a session goes through both servers, which are one bank', { timeout: 120_000 }, async () => {
    const { account, token } = await customer(newClient());
    const { position: after } = (await newClient().call(deposit, { token, body: { amount: '12.34', pin: person.pin } }))
      .body;
    for (let times = 0; times < 10; times++) {
      const client = newClient();
      // Whichever server reads it, it waits for the projector to have got there.
      const mine = (await client.call(readOwnAccount, { token, query: { after } })).body;
      expect(mine).toMatchObject({ accountNumber: account, balance: '12.34' });
      const entries = (await client.call(readOwnEntries, { token })).body;
      expect(entries.entries.map(({ amount }) => amount)).toEqual(['12.34']);
    }
    const servers = containers('server');
    expect(servers).toHaveLength(2);
    for (const server of servers) expect(docker('logs', server)).toContain('"route":"/api/v1/accounts/me');
  });

  test('the log is signed, and what is new in it too', { timeout: 120_000 }, async () => {
    await customer(newClient());
    const [signer = ''] = containers('signer');
    await expect.poll(() => docker('logs', signer), { timeout: 60_000 }).toContain('a checkpoint was signed');
  });

  test('the witness cosigns what is signed, and reaches nothing of the bank', { timeout: 120_000 }, async () => {
    await customer(newClient());
    const [witness = ''] = containers('witness');
    await expect.poll(() => docker('logs', witness), { timeout: 60_000 }).toContain('a checkpoint was cosigned');
    await expect
      .poll(() => docker('logs', containers('signer')[0] ?? ''), { timeout: 60_000 })
      .toMatch(/"cosignatures":1\b/);
    const lookUp = `require('node:dns').promises.lookup('postgres').then(() => 'found', () => 'unknown').then(console.log)`;
    expect(docker('exec', witness, 'node', '-e', lookUp).trim()).toBe('unknown');
  });

  test.each(['server', 'projector', 'postgres', 'signer', 'witness', ...(profile === 'single' ? ['event-log'] : [])])(
    'SIGKILL of %s: nothing is lost, nothing is doubled',
    { timeout: 180_000 },
    async (service) => {
      const { made, balance } = await depositsDuring(kill(service));
      expect(balance).toBe(`${String(made)}.00`);
    },
  );

  test.skipIf(profile !== 'cluster')(
    'SIGKILL of each node in turn, the leader among them: nothing is lost, nothing is doubled',
    { timeout: 300_000 },
    async () => {
      const { made, balance } = await depositsDuring(async () => {
        for (const node of ['event-log-1', 'event-log-2', 'event-log-3']) {
          await kill(node)();
          await sleep(8_000);
        }
      });
      expect(balance).toBe(`${String(made)}.00`);
    },
  );
});
