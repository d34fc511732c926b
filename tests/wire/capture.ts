/** Starts a bank of its own, records a customer's whole visit on the loopback, and says what a listener could read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../ledger/src/failure.ts';
import { freePort } from '../../operations/src/free-port.ts';
import { handshakeIn } from './handshake.ts';
import type { Recorder } from './recording.ts';
import { recordByRelay } from './relay.ts';
import type { Report } from './report.ts';
import { search } from './search.ts';
import { recordByTshark, tsharkVersion } from './tshark.ts';
import { visit } from './visit.ts';

export type CaptureOptions = {
  /** Records with a relay even where tshark is installed. */
  readonly byRelay: boolean;
  /** Takes TLS off on the recorded side, to see that the search finds what is there. */
  readonly withoutTls: boolean;
  /** Where tshark, if it records, writes the packets. */
  readonly packetsFile: string;
  /** Told of each step. */
  readonly say: (step: string) => void;
};

export type Captured = { readonly report: Report; readonly hasPacketsFile: boolean };

/** Throws a `Failure` when the bank cannot be started or tshark may not listen. */
export async function capture({ byRelay, withoutTls, packetsFile, say }: CaptureOptions): Promise<Captured> {
  const version = byRelay ? undefined : await tsharkVersion();
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-wire-'));
  // PostgreSQL may run as another account than the caller.
  chmodSync(folder, 0o755);
  say('Starting a bank of its own …');
  let bank: OwnBank | undefined;
  try {
    bank = await startOwnBank(folder);
    const bare = withoutTls ? await recordByRelay(bank.port, { takeOffTls: { ca: bank.ca } }) : undefined;
    const recordedPort = bare?.port ?? bank.port;
    const recorder: Recorder =
      version !== undefined
        ? await recordByTshark(recordedPort, version, packetsFile)
        : (bare ?? (await recordByRelay(recordedPort)));
    say('A customer visits …');
    const visited = await visit(recorder.port, withoutTls ? undefined : bank.ca);
    const recording = await recorder.stop();
    if (bare !== undefined && bare !== recorder) await bare.stop();
    const found = search(recording, visited.secrets);
    const report = { at: new Date(), recording, visit: visited, handshake: handshakeIn(recording), found };
    return { report, hasPacketsFile: version !== undefined };
  } finally {
    await bank?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type OwnBank = { readonly port: number; readonly ca: string; readonly close: () => Promise<void> };

/** Started as any other bank is, so that made-up people come into nobody's books. */
async function startOwnBank(folder: string): Promise<OwnBank> {
  const port = await freePort();
  const certsDir = join(folder, 'certs');
  const bank = spawn(process.execPath, [fileURLToPath(new URL('../../scripts/start.ts', import.meta.url))], {
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
