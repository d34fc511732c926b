/** The customer at the machine: who they are, what they have, what they did; all of it gone when they leave. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Problem } from '../../../server/src/http/problems.ts';
import type { Outcome } from './calls.ts';
import { bank } from './calls.ts';
import type { Operation, Settled } from './operation.ts';
import { keep, kept } from './operation.ts';

/** One line of the session's summary. */
export type Line = Pick<Operation, 'kind' | 'amount' | 'to' | 'holder'> & {
  readonly at: string;
  readonly outcome: 'done' | 'refused' | 'unsettled';
  readonly operationId?: string;
  readonly balance?: string;
};

type Kept = { readonly account: string; readonly lines: readonly Line[] };

/** Says, after a reload, that the browser's session is this visit's and has not been ended. */
const place = 'grand-livre.session';

export const useSession = defineStore('session', () => {
  const account = ref('');
  const holder = ref('');
  const balance = ref('');
  const isHidden = ref(false);
  const lines = ref<readonly Line[]>([]);
  /** What the last command answered: reads wait for it. */
  let position: number | undefined;
  /** Nobody comes in before the last one is out. */
  let leaving: Promise<unknown> = Promise.resolve();

  const isOpen = computed(() => account.value !== '');

  function remember(): void {
    const content: Kept = { account: account.value, lines: lines.value };
    sessionStorage.setItem(place, JSON.stringify(content));
  }

  async function logIn(accountNumber: string, pin: string): Promise<Problem | 'lost' | undefined> {
    await leaving;
    const outcome = await bank.logIn({ accountNumber, pin });
    if (outcome.is === 'lost') return 'lost';
    if (outcome.is === 'refused') return outcome.problem;
    const { body } = outcome;
    // The token itself stays in the cookie that no script can read.
    account.value = body.accountNumber;
    holder.value = body.holder ?? '';
    balance.value = body.balance;
    remember();
    return undefined;
  }

  /** After a reload. False: nobody is here. */
  async function resume(): Promise<boolean> {
    const text = sessionStorage.getItem(place);
    if (text === null) {
      // A browser that was closed in the middle may still hold somebody's session.
      leaving = bank.logOut();
      return false;
    }
    const outcome = await bank.account();
    if (outcome.is !== 'answered') return false;
    const { account: who, lines: before } = JSON.parse(text) as Kept;
    if (outcome.body.accountNumber !== who) return false;
    account.value = who;
    lines.value = before;
    take(outcome.body.holder, outcome.body.balance);
    return true;
  }

  function take(name: string | undefined, money: string): void {
    holder.value = name ?? holder.value;
    balance.value = money;
  }

  /** Reads the balance anew, with everything in it that this visit has done. */
  async function refresh(): Promise<Outcome<unknown>> {
    const outcome = await bank.account(position);
    if (outcome.is === 'answered') take(outcome.body.holder, outcome.body.balance);
    return outcome;
  }

  function note(operation: Operation, settled: Settled): void {
    const { kind, amount, to, holder: name, startedAt } = operation;
    const line = { kind, amount, ...(to !== undefined && { to }), ...(name !== undefined && { holder: name }) };
    const { value: before } = lines;
    if (settled.is === 'done') {
      position = settled.done.position;
      balance.value = settled.done.balance;
      const { operationId } = settled.done;
      lines.value = [...before, { ...line, at: startedAt, outcome: 'done', operationId, balance: balance.value }];
    } else {
      lines.value = [...before, { ...line, at: startedAt, outcome: 'refused' }];
    }
    remember();
  }

  /** Ends it here and at the bank; gives what was done, for the last screen. */
  function leave(): readonly Line[] {
    const open = kept();
    const all: Line[] = [...lines.value];
    if (open?.isUncertain === true) {
      all.push({ kind: open.kind, amount: open.amount, at: open.startedAt, outcome: 'unsettled' });
    }
    keep(undefined);
    sessionStorage.clear();
    account.value = '';
    holder.value = '';
    balance.value = '';
    lines.value = [];
    position = undefined;
    leaving = bank.logOut();
    return all;
  }

  return {
    account,
    holder,
    balance,
    isHidden,
    lines,
    isOpen,
    after: () => position,
    logIn,
    resume,
    refresh,
    note,
    leave,
  };
});
