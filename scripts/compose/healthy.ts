/** A server's health check: ends with 0 when this container's server is ready. Its authority comes by NODE_EXTRA_CA_CERTS. */
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const socket = connect(5001, '127.0.0.1');
// As a balancer's own check says it: for nobody else.
socket.write('PROXY UNKNOWN\r\n');
const check = request(
  { createConnection: () => connectTls({ socket, servername: 'localhost' }), host: 'localhost', path: '/health/ready' },
  ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1),
);
check.on('error', () => process.exit(1));
check.end();
