/** The customer at the kiosk: who they are, what they have, what they did; all of it gone when they leave. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Problem } from '../../../api/src/problems.ts';
import type { OwnAccount, Outcome } from './calls.ts';
import { bank, callsOn, endOfVisit, patiently } from './calls.ts';
import type { Operation, Settled } from './operation.ts';
import { untilAnswered } from './retry.ts';
import type { Line, Visit } from './visit.ts';
import { isOver, loadVisit, removeVisit, saveVisit } from './visit.ts';

/** What a visit leaves for its last screen. */
export type Left = { readonly lines: readonly Line[]; readonly hasUnsettled: boolean };

export const useSession = defineStore('session', () => {
  const visit = ref<Visit>();
  const holder = ref('');
  const balance = ref('');
  /** Nothing else is allowed until the PIN is changed. */
  const mustChangePin = ref(false);
  /** What the last command answered: reads wait for it. */
  let position: number | undefined;

  const account = computed(() => visit.value?.account ?? '');
  const isOpen = computed(() => visit.value !== undefined);
  const lines = computed(() => visit.value?.lines ?? []);
  const pending = computed(() => visit.value?.pending);
  const timeZone = computed(() => visit.value?.timeZone);
  const isHidden = computed({
    get: () => visit.value?.isHidden === true,
    set: (to) => {
      change({ isHidden: to });
    },
  });

  function change(part: Partial<Visit>): void {
    if (visit.value === undefined) return;
    visit.value = { ...visit.value, ...part };
    saveVisit(visit.value);
  }

  /** The session that the browser may still hold and that must end: of an account, or of whoever it is. */
  let mustEnd: { readonly of: string | undefined } | undefined;
  let ending = { stop: new AbortController(), done: Promise.resolve() };
  /** Ends it at the bank: tried until the bank has answered, or until a log-in ends it. */
  function endAtBank(of?: string): void {
    ending.stop.abort();
    const stop = new AbortController();
    mustEnd = { of };
    const end = async (): Promise<void> => {
      const outcome = await untilAnswered(
        () => bank.logOut(of),
        () => undefined,
        stop.signal,
      );
      if (outcome.is !== 'stopped') mustEnd = undefined;
    };
    ending = { stop, done: end() };
  }

  async function logIn(accountNumber: string, pin: string): Promise<Problem | 'lost' | undefined> {
    // A log-out that is on its way must not meet the new session.
    ending.stop.abort();
    await ending.done;
    const outcome = await bank.logIn({ accountNumber, pin });
    if (outcome.is !== 'answered') {
      // A log-in whose answer was lost may have opened one.
      const isBehind = outcome.is === 'lost' && outcome.problem?.code === 'read_model_behind';
      if (outcome.is === 'lost' && !isBehind) endAtBank();
      else if (mustEnd !== undefined) endAtBank(mustEnd.of);
      return outcome.is === 'lost' && !isBehind ? 'lost' : outcome.problem;
    }
    mustEnd = undefined;
    const { body } = outcome;
    visit.value = {
      ...{ id: crypto.randomUUID(), account: body.accountNumber, timeZone: body.timeZone },
      ...{ touchedAtMs: Date.now(), isHidden: false, lines: [] },
    };
    // The token itself stays in the cookie that no script can read.
    saveVisit(visit.value);
    mustChangePin.value = body.mustChangePin === true;
    take(body.holder, body.balance);
    return undefined;
  }

  /** After a reload: whether this tab has saved a visit that goes on. Where it has not, whatever session the browser holds ends. */
  function restore(): 'visit' | 'over' | 'nobody' {
    const saved = loadVisit();
    if (saved !== undefined && !isOver(saved, Date.now())) {
      visit.value = saved;
      return 'visit';
    }
    removeVisit();
    endAtBank(saved?.account);
    return saved === undefined ? 'nobody' : 'over';
  }

  /** Whether the restored visit is still this account's at the bank; nothing of it is shown before that. */
  async function confirm(
    onWaiting: (seconds: number) => void,
    signal: AbortSignal,
  ): Promise<'open' | 'expired' | 'changed' | 'stopped'> {
    const outcome = await untilAnswered(
      () => callsOn(account.value).read(),
      (pauseMs) => {
        onWaiting(Math.ceil(pauseMs / 1_000));
      },
      signal,
    );
    if (outcome.is === 'stopped') return 'stopped';
    if (outcome.is === 'answered') {
      if (outcome.body.accountNumber !== account.value) return 'changed';
      take(outcome.body.holder, outcome.body.balance);
      return 'open';
    }
    mustChangePin.value = outcome.problem.code === 'pin_change_required';
    return mustChangePin.value ? 'open' : (endOfVisit(outcome.problem) ?? 'expired');
  }

  function take(name: string | undefined, money: string): void {
    holder.value = name ?? holder.value;
    balance.value = money;
  }

  /** Reads the balance anew, with everything in it that this visit has done. */
  async function refresh(): Promise<Outcome<OwnAccount>> {
    const outcome = await patiently(() => callsOn(account.value).read(position));
    if (outcome.is === 'answered') take(outcome.body.holder, outcome.body.balance);
    return outcome;
  }

  /** Begins an operation of this visit, under a key of its own. */
  function operationOf(what: Pick<Operation, 'kind' | 'amount' | 'to' | 'payee'>): Operation {
    const visitId = visit.value?.id ?? '';
    return { ...what, key: crypto.randomUUID(), visit: visitId, account: account.value, isUncertain: false };
  }

  /** Only this visit's: what belongs to one that has ended leaves no trace in another. */
  function savePending(operation: Operation, to: Operation | undefined): void {
    if (visit.value?.id !== operation.visit) return;
    const { pending: _before, ...rest } = visit.value;
    visit.value = to === undefined ? rest : { ...rest, pending: to };
    saveVisit(visit.value);
  }

  function note(operation: Operation, settled: Extract<Settled, { readonly is: 'done' | 'rejected' }>): void {
    const { kind, amount, to, payee } = operation;
    const line = { kind, amount, ...(to !== undefined && { to }), ...(payee !== undefined && { payee }) };
    if (settled.is === 'done') {
      position = settled.done.position;
      balance.value = settled.done.balance;
      change({ lines: [...lines.value, { ...line, outcome: 'done', at: settled.at }] });
    } else {
      change({ lines: [...lines.value, { ...line, outcome: 'rejected' }] });
    }
  }

  /** Somebody is there. Saved once a second at most: a wheel turns faster. */
  const touch = (): void => {
    const nowMs = Date.now();
    if (visit.value !== undefined && Math.abs(nowMs - visit.value.touchedAtMs) >= 1_000) change({ touchedAtMs: nowMs });
  };

  /** For how long nobody has been there; a reload does not change that. */
  const quietMs = (): number => (visit.value === undefined ? 0 : Date.now() - visit.value.touchedAtMs);

  /** Ends it here and at the bank; gives what was done, for the last screen. */
  function leave(): Left {
    const left: Line[] = [...lines.value];
    const open = pending.value?.isUncertain === true ? pending.value : undefined;
    if (open !== undefined) left.push({ kind: open.kind, amount: open.amount, outcome: 'unsettled' });
    const of = visit.value?.account;
    visit.value = undefined;
    holder.value = '';
    balance.value = '';
    mustChangePin.value = false;
    position = undefined;
    removeVisit();
    endAtBank(of);
    return { lines: left, hasUnsettled: open !== undefined };
  }

  return {
    ...{ account, holder, balance, isHidden, lines, pending, timeZone, mustChangePin, isOpen },
    after: () => position,
    ...{ logIn, restore, confirm, refresh, operationOf, savePending, note, touch, quietMs, leave },
  };
});
