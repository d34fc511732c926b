/** Records a port of the loopback with tshark, packet by packet. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Failure } from '../../ledger/src/failure.ts';
import type { Piece, Recorder } from './recording.ts';

const run = promisify(execFile);

/** The first line of what it says about itself; undefined where there is none. */
export async function tsharkVersion(): Promise<string | undefined> {
  return run('tshark', ['--version']).then(
    ({ stdout }) => /TShark[^\n]*?(\d+\.\d+\.\d+)/.exec(stdout)?.[1],
    () => undefined,
  );
}

/** The packets as they were, for whoever wants to look for themselves, go to `file`. Throws `Failure`. */
export async function recordByTshark(port: number, version: string, file: string): Promise<Recorder> {
  const tshark = spawn('tshark', ['-i', 'lo', '-f', `tcp port ${String(port)}`, '-w', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    tshark.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (/Capture started|File: /.test(said)) resolve();
    });
    tshark.once('close', () => {
      reject(new Failure(`tshark may not listen here (${said.trim()}): run as root, or take --relay.`));
    });
  });
  // It says so a moment before the first packet is caught.
  await sleep(500);
  return {
    port,
    async stop() {
      // Packets reach it in batches.
      await sleep(1_000);
      tshark.kill('SIGINT');
      await once(tshark, 'close');
      return { recorder: `tshark ${version} on the loopback`, unit: 'packets', pieces: await read(file, port) };
    },
  };
}

async function read(file: string, port: number): Promise<readonly Piece[]> {
  const fields = ['frame.time_epoch', 'tcp.dstport', 'tcp.payload'].flatMap((field) => ['-e', field]);
  const options = ['-o', 'tcp.desegment_tcp_streams:FALSE', '-r', file, '-T', 'fields', ...fields, '-E', 'separator=;'];
  const { stdout } = await run('tshark', options, { maxBuffer: 1_073_741_824 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [seconds = '', to, payload = ''] = line.split(';');
      return {
        atMs: Number(seconds) * 1000,
        from: to === String(port) ? 'customer' : 'bank',
        bytes: Buffer.from(payload.replaceAll(':', ''), 'hex'),
      };
    });
}
