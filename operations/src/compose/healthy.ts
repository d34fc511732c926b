/** Asks this container's server whether it is ready, as the balancer does. Its authority comes by NODE_EXTRA_CA_CERTS. */
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export function isReady(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(5001, '127.0.0.1');
    socket.on('error', () => {
      resolve(false);
    });
    // As a balancer's own check says it: for nobody else.
    socket.write('PROXY UNKNOWN\r\n');
    const createConnection = () => connectTls({ socket, servername: 'localhost' });
    const check = request({ createConnection, host: 'localhost', path: '/health/ready' }, ({ statusCode }) => {
      resolve(statusCode === 200);
    });
    check.on('error', () => {
      resolve(false);
    });
    check.end();
  });
}
