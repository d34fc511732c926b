/** `npm run bench`: measures the bank and its peers on one PostgreSQL and prints the table. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../operations/src/embedded-postgres/start-postgres.ts';
import { databasesOn, withoutAutovacuum } from './databases.ts';
import { describe, machine } from './machine.ts';
import { besideAuditors } from './measures/beside-auditors.ts';
import { batchCall, singleCommands } from './measures/https.ts';
import type { Part, Run } from './measures/part.ts';
import { projector } from './measures/projector.ts';
import { signedLog } from './measures/signed-log.ts';
import { hotDestination, manyAccounts, manyCallers } from './measures/transfers.ts';
import { table } from './table.ts';

const measures: Readonly<Record<string, (run: Run) => Promise<Part>>> = {
  a: manyCallers,
  b: manyAccounts,
  c: hotDestination,
  d: singleCommands,
  e: batchCall,
  f: projector,
  g: besideAuditors,
  h: signedLog,
};

const usage = `npm run bench -- [--quick] [--only a,b,c,d,e,f,g,h] [--json FILE] [--event-log URL]`;

type Options = {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly eventLogUrl: string | undefined;
};

/** Undefined when the arguments make no sense. */
function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string' },
        json: { type: 'string' },
        'event-log': { type: 'string' },
      },
    });
    const only = values.only?.split(',') ?? Object.keys(measures);
    if (only.some((key) => measures[key] === undefined)) return undefined;
    return { only, quick: values.quick === true, json: values.json, eventLogUrl: values['event-log'] };
  } catch {
    return undefined;
  }
}

async function bench({ only, quick, json, eventLogUrl }: Options): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-bench-'));
  // PostgreSQL may run as another account than the caller.
  chmodSync(stateDir, 0o755);
  const postgres = await startPostgres({ stateDir });
  const clearUp = async (): Promise<void> => {
    await postgres.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  process.once('SIGINT', () => {
    void clearUp().then(() => process.exit(130));
  });
  try {
    await withoutAutovacuum(postgres.url);
    const found = await machine(postgres.url);
    console.log(`${describe(found)}${quick ? '; a quick run, for a first impression only' : ''}\n`);
    const parts: Record<string, Part> = {};
    for (const key of only) {
      const measure = measures[key];
      const part = await measure?.({
        databases: databasesOn(postgres.url),
        stateDir,
        pace: quick ? { rounds: 3, roundMs: 1_000 } : { rounds: 5, roundMs: 3_000 },
        quick,
        eventLogUrl,
        progress: (text) => {
          showProgress(`(${key}) ${text}`);
        },
      });
      if (part === undefined) continue;
      showProgress('');
      console.log(`${table(key, part)}\n`);
      parts[key] = part;
    }
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: found, quick, parts }, undefined, 2)}\n`);
  } finally {
    await clearUp();
  }
}

/** One line that is written over on a terminal, a line each elsewhere; beside the table, not in it. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}

const options = readOptions();
if (options === undefined) {
  console.error(`Usage: ${usage}`);
  process.exitCode = 2;
} else {
  await bench(options);
}
