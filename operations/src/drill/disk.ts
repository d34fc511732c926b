/** A small disk of its own for a database, which can be full, read-only, or fail to write what it took: a loop device on a tmpfs. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../../ledger/src/failure.ts';

export type Disk = {
  /** The folder it is mounted at. */
  readonly dir: string;
  /** Takes all room there is on it. */
  fill(): void;
  /** Gives it back. */
  empty(): void;
  /** As after an error that the file system met: nothing can be written until it is mended. */
  turnReadOnly(): void;
  /** What is written from now on to new places is taken, and lost when it has to be kept: fsync fails. */
  loseWrites(): void;
  /** Checks and mounts it again. Nobody may have a file open on it. */
  mend(): void;
  remove(): void;
};

const tools = ['mount', 'umount', 'losetup', 'mkfs.ext4', 'e2fsck', 'fallocate'];
const imageMegabytes = 600;
/** Of the tmpfs below: more than the image, so that it is full only when it is filled. */
const belowMegabytes = 700;

const run = (tool: string, ...args: string[]): { readonly ok: boolean; readonly said: string } => {
  const { status, stderr, error } = spawnSync(tool, args, { encoding: 'utf8' });
  return { ok: status === 0, said: error?.message ?? stderr.trim() };
};

function mustRun(tool: string, ...args: string[]): void {
  const { ok, said } = run(tool, ...args);
  if (!ok) throw new Failure(`${tool} ${args.join(' ')} failed: ${said}`);
}

/** Why there is no such disk on this machine; undefined where there is. */
export function whyNoDisk(): string | undefined {
  if (process.platform !== 'linux') return 'takes Linux';
  if (process.getuid?.() !== 0) return 'takes root';
  const missing = tools.find((tool) => !run('sh', '-c', `command -v ${tool}`).ok);
  if (missing !== undefined) return `takes ${missing}`;
  try {
    makeDisk().remove();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Throws a `Failure`. */
export function makeDisk(): Disk {
  const home = mkdtempSync(join(tmpdir(), 'grand-livre-disk-'));
  chmodSync(home, 0o755);
  const [below, dir] = [join(home, 'below'), join(home, 'disk')];
  const [image, filler, lower] = [join(below, 'image'), join(dir, 'filler'), join(below, 'filler')];
  mkdirSync(below);
  mkdirSync(dir);
  const mount = (): void => {
    mustRun('mount', '-o', 'loop', image, dir);
  };
  const remove = (): void => {
    // Lazily: what a process still has open goes when it ends.
    for (const one of [dir, below]) run('umount', '-l', one);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    mustRun('mount', '-t', 'tmpfs', '-o', `size=${String(belowMegabytes)}m,mode=755`, 'tmpfs', below);
    mustRun('truncate', '-s', `${String(imageMegabytes)}M`, image);
    mustRun('mkfs.ext4', '-q', '-m', '0', image);
    mount();
    chmodSync(dir, 0o755);
  } catch (error) {
    remove();
    throw error;
  }
  /** As large as there is room for: a little more than that is refused. */
  const fillUp = (path: string, megabytes: number): void => {
    for (let size = megabytes * 1024; size >= 4; size = Math.floor(size / 2)) {
      while (run('fallocate', '-o', sizeOf(path), '-l', `${String(size)}KiB`, path).ok);
    }
  };
  return {
    dir,
    fill() {
      fillUp(filler, imageMegabytes);
    },
    empty() {
      rmSync(filler, { force: true });
    },
    turnReadOnly() {
      mustRun('mount', '-o', 'remount,abort', dir);
    },
    loseWrites() {
      fillUp(lower, belowMegabytes);
    },
    mend() {
      rmSync(lower, { force: true });
      mustRun('umount', dir);
      // 1: there were errors, and they are mended.
      run('e2fsck', '-fy', image);
      mount();
    },
    remove,
  };
}

const sizeOf = (path: string): string => {
  const { stdout } = spawnSync('stat', ['-c', '%s', path], { encoding: 'utf8' });
  return stdout.trim() === '' ? '0' : stdout.trim();
};
