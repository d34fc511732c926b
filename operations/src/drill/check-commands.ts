/** Holds every command and its answers against the journal: nothing missing, nothing doubled, nothing out of nowhere, in order. */
import type { LedgerEvent, Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import { rejectionCodes } from '../../../ledger/src/domain/rejections.ts';
import type { Answer, Command, Difference, Evidence, Operation } from './history.ts';
import { difference } from './history.ts';

/** What the bank does by itself, under keys of its own. */
const ownEvents: ReadonlySet<LedgerEvent['type']> = new Set(['AccessLocked', 'VerificationEnded']);
/** What is written down when the ledger declines it. */
const declinesOf: ReadonlySet<LedgerEvent['type']> = new Set([
  'Deposited',
  'Withdrawn',
  'Transferred',
  'EntryReversed',
  'AccountFrozen',
  'AccountUnfrozen',
  'AccountClosed',
  'AccessUnlocked',
]);
const ofTheLedger: ReadonlySet<string> = new Set(rejectionCodes);

export function checkCommands({ operations, journal }: Evidence): readonly Difference[] {
  const byCommand = Map.groupBy(journal, ({ metadata }) => metadata.commandId);
  const asked = new Set(operations.map(({ command }) => command.commandId));
  const found = operations.flatMap((operation) =>
    checkOne(operation, byCommand.get(operation.command.commandId) ?? [], journal),
  );
  for (const { position, event, metadata } of journal) {
    if (asked.has(metadata.commandId) || ownEvents.has(event.type)) continue;
    found.push(difference('unasked', `position ${String(position)}`, `${event.type} under ${metadata.commandId}`));
  }
  return [...found, ...checkOrder(operations)];
}

function checkOne(
  { command, answers }: Operation,
  recorded: readonly Recorded[],
  journal: readonly Recorded[],
): readonly Difference[] {
  const where = `${command.call} ${command.commandId}`;
  const found: Difference[] = [];
  const declined = recorded.filter(({ event }) => event.type === 'CommandDeclined');
  const done = recorded.filter(({ event }) => event.type !== 'CommandDeclined' && event.type !== 'CustomerRegistered');
  const registered = recorded.length - declined.length - done.length;
  if (done.length + declined.length > 1 || registered > (command.event === 'AccountOpened' ? 1 : 0)) {
    const positions = recorded.map(({ position }) => String(position)).join(', ');
    found.push(difference('doubled', where, `${String(recorded.length)} events, at ${positions}`));
  }
  const [first, ...later] = answers;
  for (const answer of later) {
    if (textOf(answer) === textOf(first)) continue;
    found.push(difference('another answer', where, `first ${textOf(first)}, then ${textOf(answer)}`));
  }
  const [event] = done;
  if (event !== undefined) {
    const fault = faultIn(event, command, journal);
    if (fault !== undefined) found.push(difference('altered', where, fault));
  }
  if (first?.outcome === 'accepted') found.push(...checkAccepted(where, first, event));
  if (first?.outcome === 'rejected') found.push(...checkRejected(where, first.code, command, done, declined));
  return found;
}

function checkAccepted(
  where: string,
  answer: Extract<Answer, { outcome: 'accepted' }>,
  recorded: Recorded | undefined,
): readonly Difference[] {
  if (recorded === undefined) return [difference('missing', where, `acknowledged as ${textOf(answer)}`)];
  const { position, operationId, balanceMinor, opened } = answer;
  const { event } = recorded;
  const isSame =
    (position === undefined || position === recorded.position) &&
    (operationId === undefined || operationId === recorded.id) &&
    (opened === undefined || (event.type === 'AccountOpened' && event.account === opened)) &&
    (balanceMinor === undefined || (isMoneyEvent(event) && event.postings.some((one) => one.balance === balanceMinor)));
  if (isSame) return [];
  const journal = `${event.type} ${recorded.id} at ${String(recorded.position)}`;
  return [difference('altered', where, `acknowledged as ${textOf(answer)}, but the journal has ${journal}`)];
}

function checkRejected(
  where: string,
  code: string,
  command: Command,
  done: readonly Recorded[],
  declined: readonly Recorded[],
): readonly Difference[] {
  const found = done.map(({ position, event }) =>
    difference('effect of a rejection', where, `${code}, but ${event.type} at ${String(position)}`),
  );
  for (const { position, event } of declined) {
    if (event.type !== 'CommandDeclined' || event.code === code) continue;
    found.push(difference('altered', where, `rejected with ${code}, but ${event.code} at ${String(position)}`));
  }
  const isWrittenDown = ofTheLedger.has(code) && declinesOf.has(command.event);
  if (isWrittenDown && declined.length === 0 && done.length === 0) {
    found.push(difference('missing', where, `declined with ${code}, which is written down nowhere`));
  }
  return found;
}

/** What is not as the command asked for it. */
function faultIn(
  { event, position }: Recorded,
  { event: type, account, changes = [], reversedPosition }: Command,
  journal: readonly Recorded[],
): string | undefined {
  const at = `at position ${String(position)}`;
  if (event.type !== type) return `asked for ${type}, but there is ${event.type} ${at}`;
  if (account !== undefined && 'account' in event && event.account !== account) {
    return `asked for account ${account}, but ${at} it is ${event.account}`;
  }
  for (const { account: changed, amountMinor } of changes) {
    const posting = isMoneyEvent(event) ? event.postings.find((one) => one.account === changed) : undefined;
    if (posting?.amount === amountMinor) continue;
    return `asked for ${String(amountMinor)} on ${changed}, but ${at} there is ${String(posting?.amount)}`;
  }
  if (event.type === 'EntryReversed') {
    const reversed = journal[event.reversedPosition - 1]?.event;
    const undone = reversed !== undefined && isMoneyEvent(reversed) ? reversed.postings : [];
    const isUndone = undone.every(({ account: one, amount }) =>
      event.postings.some((other) => other.account === one && other.amount === -amount),
    );
    if (event.reversedPosition !== reversedPosition || undone.length === 0 || !isUndone) {
      return `asked to undo ${String(reversedPosition)}, which ${at} does not`;
    }
  }
  return undefined;
}

/** Whatever was acknowledged before a command was asked for is before it in the journal. */
function checkOrder(operations: readonly Operation[]): readonly Difference[] {
  const placed = operations.flatMap(({ command, askedMs, answeredMs, answers: [first] }) =>
    first?.outcome === 'accepted' && first.position !== undefined && answeredMs !== undefined
      ? [{ where: `${command.call} ${command.commandId}`, askedMs, answeredMs, position: first.position }]
      : [],
  );
  const answered = placed.toSorted((one, other) => one.answeredMs - other.answeredMs);
  const found: Difference[] = [];
  let next = 0;
  let latest = 0;
  for (const { where, askedMs, position } of placed.toSorted((one, other) => one.askedMs - other.askedMs)) {
    for (let one = answered[next]; one !== undefined && one.answeredMs < askedMs; one = answered[++next]) {
      latest = Math.max(latest, one.position);
    }
    if (position > latest) continue;
    const detail = `at ${String(position)}, though ${String(latest)} was acknowledged before it was asked for`;
    found.push(difference('order', where, detail));
  }
  return found;
}

const textOf = (answer: Answer | undefined): string =>
  JSON.stringify(answer, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
