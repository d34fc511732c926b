/** `npm run wire-capture`: records a customer's whole visit on the loopback and reports what a listener could read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readConfig } from '../server/src/config.ts';
import { endWith, Failure } from './failure.ts';
import { handshakeIn } from './wire/handshake.ts';
import type { Recorder } from './wire/recording.ts';
import { recordByRelay } from './wire/relay.ts';
import { isSafe, reportText } from './wire/report.ts';
import { search } from './wire/search.ts';
import { recordByTshark, tsharkVersion } from './wire/tshark.ts';
import { visit } from './wire/visit.ts';

const usage = `Usage: npm run wire-capture -- [--relay] [--without-tls] [--out FILE]
  --relay         records with a relay even where tshark is installed
  --without-tls   takes TLS off on the recorded stretch, to see that the search finds what is there
  --out FILE      the report; var/wire-report.md unless given`;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { relay: { type: 'boolean' }, 'without-tls': { type: 'boolean' }, out: { type: 'string' } },
    });
    return { byRelay: values.relay === true, withoutTls: values['without-tls'] === true, out: values.out };
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

type OwnBank = { readonly port: number; readonly ca: string; readonly close: () => Promise<void> };

/** A bank of its own, started as any other, so that made-up people come into nobody's books. */
async function startOwnBank(folder: string): Promise<OwnBank> {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const certsDir = join(folder, 'certs');
  const bank = spawn(process.execPath, [fileURLToPath(new URL('start.ts', import.meta.url))], {
    env: {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'] },
      ...{ STATE_DIR: join(folder, 'var'), CERTS_DIR: certsDir, PORT: String(port) },
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  await new Promise<void>((ready, reject) => {
    bank.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('The bank is open')) ready();
    });
    bank.once('close', () => {
      reject(new Failure('A bank to record could not be started: see above.'));
    });
  });
  return {
    port,
    ca: readFileSync(join(certsDir, 'ca.crt'), 'utf8'),
    async close() {
      const ended = once(bank, 'close');
      bank.kill('SIGTERM');
      await ended;
    },
  };
}

async function main(): Promise<void> {
  const { byRelay, withoutTls, out } = readArguments();
  const file = resolve(out ?? join(readConfig(process.env).stateDir, 'wire-report.md'));
  mkdirSync(dirname(file), { recursive: true });
  const version = byRelay ? undefined : await tsharkVersion();
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-wire-'));
  chmodSync(folder, 0o755);
  console.log('Starting a bank of its own …');
  const bank = await startOwnBank(folder);
  try {
    const bare = withoutTls ? await recordByRelay(bank.port, { takeOffTls: { ca: bank.ca } }) : undefined;
    const heardPort = bare?.port ?? bank.port;
    const capture = file.replace(/(\.md)?$/, '.pcapng');
    const recorder: Recorder =
      version !== undefined
        ? await recordByTshark(heardPort, version, capture)
        : (bare ?? (await recordByRelay(heardPort)));
    console.log('A customer visits …');
    const visited = await visit(recorder.port, withoutTls ? undefined : bank.ca);
    const recording = await recorder.stop();
    if (bare !== undefined && bare !== recorder) await bare.stop();
    const report = {
      ...{ at: new Date(), recording, visit: visited },
      ...{ handshake: handshakeIn(recording), found: search(recording, visited.secrets) },
    };
    const text = reportText(report);
    writeFileSync(file, text);
    console.log(`\n${text}\nThe report is ${file}${version === undefined ? '' : `, the packets are ${capture}`}.`);
    if (!isSafe(report)) process.exitCode = 1;
  } finally {
    await bank.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch(endWith);
