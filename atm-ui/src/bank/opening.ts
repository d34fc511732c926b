/** Opening an account: one key for all tries, so that one account is opened however often it is sent. */
import { onBeforeUnmount, ref } from 'vue';
import type { Problem } from '../../../api/src/problems.ts';
import type { Opening } from './calls.ts';
import { bank } from './calls.ts';
import { untilAnswered } from './retry.ts';

type State =
  | { readonly is: 'asking' }
  | { readonly is: 'sending'; readonly isWaiting: boolean }
  | { readonly is: 'open'; readonly accountNumber: string };

/** Whoever leaves the screen no longer waits: nobody else learns the number. */
export function useOpening(): {
  readonly state: Readonly<{ value: State }>;
  readonly send: (opening: Opening) => Promise<Problem | undefined>;
} {
  const state = ref<State>({ is: 'asking' });
  let key = crypto.randomUUID();
  const leaving = new AbortController();
  onBeforeUnmount(() => {
    leaving.abort();
  });

  /** Gives what the bank rejected it with, when it did. */
  async function send(opening: Opening): Promise<Problem | undefined> {
    state.value = { is: 'sending', isWaiting: false };
    const outcome = await untilAnswered(
      () => bank.open(key, opening),
      () => {
        state.value = { is: 'sending', isWaiting: true };
      },
      leaving.signal,
    );
    if (outcome.is === 'stopped') return undefined;
    if (outcome.is === 'answered') {
      state.value = { is: 'open', accountNumber: outcome.body.accountNumber };
      return undefined;
    }
    // What is sent after a correction is another request; where nobody knows how it ended, it is the same again.
    if (outcome.problem.code !== 'internal_error') key = crypto.randomUUID();
    state.value = { is: 'asking' };
    return outcome.problem;
  }
  return { state, send };
}
