/** Bounds how many connections one source may have open, so that nobody alone takes all there are. */
import type { Socket } from 'node:net';

/** Destroys the connection when its source has as many already. */
export function connectionsBySource(most: number): (socket: Pick<Socket, 'once' | 'destroy'>, source: string) => void {
  const open = new Map<string, number>();
  return (socket, source) => {
    const count = open.get(source) ?? 0;
    if (count >= most) {
      socket.destroy();
      return;
    }
    open.set(source, count + 1);
    socket.once('close', () => {
      const left = (open.get(source) ?? 1) - 1;
      if (left === 0) open.delete(source);
      else open.set(source, left);
    });
  };
}
