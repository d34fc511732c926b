/**
 * Loaded into a process that Node watches over: ends it, and the process that watches over it, when the supervisor is
 * gone, however that ended. The supervisor's process id comes in this module's address, as `?supervisor=<pid>`.
 */
const supervisor = Number(new URL(import.meta.url).searchParams.get('supervisor'));
const watcher = process.ppid;
const intervalMs = 500;

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

if (watcher !== supervisor) {
  setInterval(() => {
    if (!isGone(supervisor)) return;
    // It ends this process first, in order.
    if (process.ppid === watcher) process.kill(watcher, 'SIGTERM');
  }, intervalMs).unref();
}
