/** A request sent again until there is an answer, after pauses that double from half a second to eight; a bank that fails at it again and again has answered. */
import type { Outcome } from './calls.ts';

const firstPauseMs = 500;
/** Long enough for a bank that comes back, short enough for whoever stands and waits. */
const longestPauseMs = 8_000;

/** A defect that only a moment brings about is over by then, after 15 s; one that does not pass is for a person to know of. */
const mostFailures = 6;

export type Answered<T> = Exclude<Outcome<T>, { readonly is: 'lost' }>;

/** `onLost` is told before each pause. Stopped: nobody waits any more; an answer that comes after that is nobody's. */
export async function untilAnswered<T>(
  send: () => Promise<Outcome<T>>,
  onLost: (pauseMs: number) => void,
  signal: AbortSignal,
): Promise<Answered<T> | { readonly is: 'stopped' }> {
  const isStopped = (): boolean => signal.aborted;
  let failures = 0;
  for (let pauseMs = firstPauseMs; !isStopped(); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const outcome = await send();
    if (isStopped()) break;
    if (outcome.is !== 'lost') return outcome;
    const { problem } = outcome;
    failures = problem?.code === 'internal_error' ? failures + 1 : 0;
    if (problem !== undefined && failures >= mostFailures) return { is: 'rejected', problem };
    onLost(pauseMs);
    await pause(pauseMs, signal);
  }
  return { is: 'stopped' };
}

function pause(lengthMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, lengthMs);
    signal.addEventListener('abort', end);
  });
}
