/** The supervisor's own decisions: where a debugger may attach, when it waits how long, what is taken down and when. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { superviseChildren } from '../src/supervisor/children.ts';
import { readInspectorPorts } from '../src/supervisor/inspector-ports.ts';
import { runParts } from '../src/supervisor/parts.ts';

test('a process is named with a port or without', () => {
  expect([...readInspectorPorts(['server', 'projector=9300'])]).toEqual([
    ['server', 9229],
    ['projector', 9300],
  ]);
});

test.each(['', 'postgres', 'server=', 'server=0', 'server=70000', 'server=x'])('--inspect %j is a sentence', (text) => {
  expect(() => readInspectorPorts([text])).toThrow(/^--inspect is "/);
});

test('a process that cannot even be made is a failure to start, not the end of the supervisor', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-supervisor-'));
  const { execPath } = process;
  process.execPath = join(stateDir, 'no-node');
  try {
    const options = {
      env: { server: {}, projector: {}, signer: {} },
      stateDir,
      inspectorPorts: new Map(),
      nodeOptions: [],
    };
    const children = superviseChildren({ ...options, onGiveUp: () => undefined });
    await expect(children.started).rejects.toThrow(/^The projector could not be started \(.*ENOENT/);
    await children.stop();
  } finally {
    process.execPath = execPath;
    rmSync(stateDir, { recursive: true });
  }
});

test('parts are taken down backwards when the signal comes', async () => {
  const stop = new AbortController();
  const stopped: string[] = [];
  const failures: unknown[] = [];
  await runParts(
    (parts) => {
      for (const name of ['first', 'second']) {
        parts.add(() => {
          stopped.push(name);
          return Promise.resolve();
        });
      }
      stop.abort();
      parts.fail(new Error('while everything ends'));
      return Promise.resolve();
    },
    { signal: stop.signal, onFailure: (error) => failures.push(error) },
  );
  expect(stopped).toEqual(['second', 'first']);
  expect(failures).toEqual([]);
});

test('a start that fails is told once, and what was started is taken down', async () => {
  const failure = new Error('the second part does not start');
  const failures: unknown[] = [];
  let isStopped = false;
  await runParts(
    (parts) => {
      parts.add(() => {
        isStopped = true;
        return Promise.resolve();
      });
      return Promise.reject(failure);
    },
    { signal: new AbortController().signal, onFailure: (error) => failures.push(error) },
  );
  expect(failures).toEqual([failure]);
  expect(isStopped).toBe(true);
});
