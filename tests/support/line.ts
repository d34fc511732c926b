/** A line to a server that can be cut, mended, and made to swallow what the server answers. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export type Line = {
  /** The server's URL, by way of this line. */
  readonly url: string;
  cut(): void;
  mend(): void;
  /** What is sent arrives, but no answer comes back, as from a server that hangs. */
  mute(): void;
  /** The connections there are lead nowhere any more, either way, and nobody is told; new ones work. */
  vanish(): void;
  close(): Promise<void>;
};

export async function openLine(serverUrl: string): Promise<Line> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const vanished = new Set<Socket>();
  let state: 'whole' | 'cut' | 'mute' = 'whole';
  const server: Server = createServer((near) => {
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        if (!sockets.delete(socket)) return;
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (asked) => {
      if (sockets.has(far)) far.write(asked);
    });
    far.on('data', (answer) => {
      if (state !== 'mute' && sockets.has(near)) near.write(answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    state = 'cut';
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: serverUrl.replace(target.host, `127.0.0.1:${String(port)}`),
    cut,
    mend() {
      state = 'whole';
    },
    mute() {
      state = 'mute';
    },
    vanish() {
      for (const socket of sockets) vanished.add(socket);
      sockets.clear();
    },
    async close() {
      cut();
      for (const socket of vanished) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
