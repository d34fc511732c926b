/** Connections of one source are bounded; others notice nothing. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { connectionsBySource } from '../src/http/connections-by-source.ts';

class Connection extends EventEmitter {
  isDestroyed = false;
  destroy(): this {
    this.isDestroyed = true;
    this.emit('close');
    return this;
  }
}

test('past the bound a source gets no more until one of its connections ends', () => {
  const admit = connectionsBySource(2);
  const open = (source: string): Connection => {
    const connection = new Connection();
    admit(connection as never, source);
    return connection;
  };
  const first = open('a');
  expect([first, open('a'), open('a'), open('b')].map(({ isDestroyed }) => isDestroyed)).toEqual([
    ...[false, false, true, false],
  ]);
  first.destroy();
  expect([open('a'), open('a')].map(({ isDestroyed }) => isDestroyed)).toEqual([false, true]);
});
