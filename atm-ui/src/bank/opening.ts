/** Opening an account: one key for all tries, so that one account is opened however often it is sent. */
import { ref } from 'vue';
import type { Problem } from '../../../server/src/http/problems.ts';
import { usePlace } from '../machine/place.ts';
import type { Opening } from './calls.ts';
import { bank } from './calls.ts';

type State =
  | { readonly is: 'asking' }
  | { readonly is: 'sending'; readonly isWaiting: boolean }
  | { readonly is: 'open'; readonly accountNumber: string };

export function useOpening(): {
  readonly state: Readonly<{ value: State }>;
  readonly send: (opening: Opening) => Promise<Problem | undefined>;
} {
  const where = usePlace();
  const state = ref<State>({ is: 'asking' });
  let key = crypto.randomUUID();

  /** Gives the bank's refusal, when there is one. */
  async function send(opening: Opening): Promise<Problem | undefined> {
    state.value = { is: 'sending', isWaiting: false };
    where.isBusy = true;
    try {
      for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 8_000)) {
        const outcome = await bank.open(key, opening);
        if (outcome.is === 'answered') {
          state.value = { is: 'open', accountNumber: outcome.body.accountNumber };
          return undefined;
        }
        if (outcome.is === 'refused') {
          // What is sent after a correction is another request.
          key = crypto.randomUUID();
          state.value = { is: 'asking' };
          return outcome.problem;
        }
        state.value = { is: 'sending', isWaiting: true };
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    } finally {
      where.isBusy = false;
    }
  }
  return { state, send };
}
