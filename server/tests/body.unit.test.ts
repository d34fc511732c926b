/** Whoever hangs up before the body is read leaves no error of the server's behind. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { deposit } from '../../api/src/calls/money.ts';
import { route } from '../src/http/pipeline.ts';
import { guardsOf, serve, sessions, tokenOf } from './support/app.ts';

test('a client that is gone before its session is found is no error', async () => {
  const asked = Promise.withResolvers<undefined>();
  const found = Promise.withResolvers<undefined>();
  const guards = guardsOf();
  const served = await serve([route(deposit, () => Promise.resolve({ code: 'unauthenticated' }))], {
    guards: {
      ...guards,
      sessions: {
        ...guards.sessions,
        async find() {
          asked.resolve(undefined);
          await found.promise;
          return sessions[0];
        },
      },
    },
  });
  const socket = connect(served.port, '127.0.0.1');
  const head = ['POST /api/v1/accounts/me/deposits HTTP/1.1', 'Host: x', `Authorization: Bearer ${tokenOf('a')}`];
  socket.write([...head, 'Content-Type: application/json', 'Content-Length: 90', '', '{'].join('\r\n'));
  await asked.promise;
  socket.resetAndDestroy();
  await once(socket, 'close');
  await expect.poll(() => served.lines.some((line) => line.includes('"cutOff":true'))).toBe(true);
  found.resolve(undefined);
  // Once a later request is answered, the one before has come to its end.
  expect((await served.send('GET', '/nowhere')).status).toBe(404);
  expect(served.lines.filter((line) => line.includes('"level":50'))).toEqual([]);
  await served.close();
});
