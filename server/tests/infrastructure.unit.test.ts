/** What an error becomes for whoever asked: what mends itself, what can be mended, and what is a defect. */
import { expect, test } from 'vitest';
import { BookkeeperStopped, TimedOut } from '../../ledger/src/bookkeeper/reach.ts';
import { UnreadableEvent } from '../../ledger/src/domain/unreadable-event.ts';
import { rejectionOf } from '../src/http/infrastructure.ts';

const coded = (code: string | number, more: object = {}): Error => Object.assign(new Error('some'), { code, ...more });

test.each<[string, unknown]>([
  ['KurrentDB away', coded(14)],
  ['KurrentDB late', coded(4)],
  ['KurrentDB’s connection gone', coded(1)],
  ['no node of a cluster answers', new Error('Failed to discover after 10 attempts.')],
  ['PostgreSQL refuses', coded('ECONNREFUSED')],
  ['PostgreSQL’s socket is gone', coded('ENOENT', { syscall: 'connect' })],
  ['no file is left for a connection', coded('EMFILE', { syscall: 'connect' })],
  ['no file is left on the machine', coded('ENFILE', { syscall: 'open' })],
  ['no port is left', coded('EADDRNOTAVAIL', { syscall: 'connect' })],
  ['no memory is left', coded('ENOMEM', { syscall: 'read' })],
  ['a network that is down', coded('ENETUNREACH', { syscall: 'connect' })],
  ['a disk that fails', coded('EIO', { syscall: 'read' })],
  ['a disk that is full', coded('ENOSPC', { syscall: 'write' })],
  ['a disk that is read-only', coded('EROFS', { syscall: 'open' })],
  ['a thread that could not begin', coded('ERR_WORKER_INIT_FAILED')],
  ['a disk of PostgreSQL’s that is read-only', coded('42501', { file: 'fd.c' })],
  ['a page of PostgreSQL’s that cannot be read', coded('XX001')],
  ['PostgreSQL shuts down', coded('57P01')],
  ['one of several addresses', new AggregateError([coded('ECONNREFUSED')])],
  ['a statement that got no answer', new Error('Query read timeout')],
  ['no answer by the deadline', new TimedOut('reading the journal took longer than 10000 ms')],
  ['a server that ends', new BookkeeperStopped('the bookkeeper has stopped')],
])('%s is 503, to be sent again', (_what, error) => {
  expect(rejectionOf(error)).toEqual({ code: 'unavailable', retryAfterSeconds: 2 });
});

test.each<[string, unknown]>([
  ['a missing file', coded('ENOENT', { syscall: 'open' })],
  ['a request the event log finds wrong', coded(3)],
  ['a password the event log rejects', coded(16)],
  ['a right that is missing', coded('42501', { file: 'aclchk.c' })],
  ['a violated constraint', coded('23505')],
  ['a defect', new TypeError('x is not a function')],
  ['no error at all', 'text'],
])('%s is a defect', (_what, error) => {
  expect(rejectionOf(error)).toEqual({ code: 'internal_error' });
});

test('an event that cannot be read is named', () => {
  const rejection = { code: 'event_unreadable', position: 7, reason: 'not_json', retryAfterSeconds: 2 };
  expect(rejectionOf(new UnreadableEvent(7, 'not_json'))).toEqual(rejection);
});
