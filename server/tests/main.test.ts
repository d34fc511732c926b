/** The server's own process: ready, drained on SIGTERM, gone with its supervisor, one sentence for what goes wrong. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../operations/src/free-port.ts';
import { live } from '../../api/src/calls/system.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';
import { connect } from './support/client.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(async () => {
  await bank.close();
});

function start(
  port: number,
  changes: NodeJS.ProcessEnv = {},
): { readonly child: ChildProcess; readonly output: () => string } {
  const child = fork(new URL('../src/main.ts', import.meta.url), {
    silent: true,
    env: {
      ...process.env,
      SERVER_DATABASE_URL: bank.logIns.server,
      PORT: String(port),
      HOST: 'localhost',
      CERTS_DIR: bank.authority.certsDir,
      STATE_DIR: bank.stateDir,
      LOG_LEVEL: 'warn',
      ...changes,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  return { child, output: () => output };
}

test('says that it is ready, answers, leaves Ctrl-C to its supervisor, and ends in order at SIGTERM', async () => {
  const port = await freePort();
  const { child } = start(port);
  expect((await once(child, 'message'))[0]).toEqual({ ready: true });
  const client = connect(port, { ca: bank.authority.ca });
  child.kill('SIGINT');
  expect((await client.call(live)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await client.close();
});

test('answers on, and ends in order, when nobody reads its log', async () => {
  const port = await freePort();
  const { child } = start(port, { LOG_LEVEL: 'info' });
  child.stdout?.removeAllListeners('data').pause();
  await once(child, 'message');
  const client = connect(port, { ca: bank.authority.ca });
  // Several times what a pipe holds.
  for (let round = 0; round < 40; round += 1) {
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.call(live)));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
  }
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await client.close();
});

test('ends when its supervisor is gone', async () => {
  const { child } = start(await freePort());
  await once(child, 'message');
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a port that is taken is one clear sentence and a non-zero exit', async () => {
  const taken = createServer().listen(0, 'localhost');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { child, output } = start(port);
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(output()).toContain(
    `localhost:${String(port)} is taken by another program: stop it, or set PORT to a free port.`,
  );
  taken.close();
});

test.each([
  [{ TERMINALS: 'some' }, 'TERMINALS is "some", but must be one of: demo, required.'],
  [{ SERVER_DATABASE_URL: '' }, 'SERVER_DATABASE_URL is not set'],
  [{ CERTS_DIR: '/nowhere' }, '/nowhere/ca.crt'],
])('%o is one clear sentence and a non-zero exit', async (changes, sentence) => {
  const { child, output } = start(await freePort(), changes);
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(output()).toContain(sentence);
});
