/** The tamper drill: alters a bank's database as its owner could, again and again, and looks whether the verification names it. */
import type { OutsideLog } from '../../../server/src/audit/outside-log.ts';
import type { Difference } from '../../../server/src/audit/difference.ts';
import type { Chance } from './chance.ts';
import { chanceOf } from './chance.ts';
import type { TamperBank } from './tamper-bank.ts';
import type { Tamper } from './tampering.ts';
import { tamperings } from './tamperings.ts';

export type TamperReport = {
  readonly seed: number;
  readonly events: number;
  readonly elapsedMs: number;
  /** How often each kind was tried, and by what it was found. */
  readonly kinds: ReadonlyMap<string, { readonly count: number; readonly foundBy: ReadonlyMap<string, number> }>;
  readonly undetected: readonly string[];
  /** Found, but not by its name. */
  readonly unnamed: readonly string[];
};

type Found = { readonly what: string; readonly isNamed: boolean; readonly foundBy: readonly string[] };

/** The database refuses some whatever the role (a generated column, a check): others are chosen instead. */
const mostTries = 200;

/** `bank` is the caller's to close. */
export async function tamperDrill({
  bank,
  count,
  seed,
  signal,
}: {
  readonly bank: TamperBank;
  readonly count: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}): Promise<TamperReport> {
  const chance = chanceOf(seed);
  const startedAt = performance.now();
  const kinds = new Map<string, { count: number; foundBy: Map<string, number> }>();
  const undetected: string[] = [];
  const unnamed: string[] = [];
  const names = Object.keys(tamperings);
  for (let n = 0; n < count && !signal.aborted; n++) {
    const name = names[n % names.length] ?? '';
    const { what, isNamed, foundBy } = await once(bank, tamperings[name] as Tamper, chance, bank.outside);
    const kind = kinds.get(name) ?? { count: 0, foundBy: new Map<string, number>() };
    kinds.set(name, kind);
    kind.count += 1;
    for (const by of foundBy) kind.foundBy.set(by, (kind.foundBy.get(by) ?? 0) + 1);
    if (foundBy.length === 0) undetected.push(`${name}: ${what}`);
    else if (!isNamed) unnamed.push(`${name}: ${what}, found by ${foundBy.join(', ')}`);
  }
  const after = await bank.verify(bank.outside);
  if (after.differences.length > 0) throw new Error('something was not taken back');
  return { seed, events: bank.size, elapsedMs: performance.now() - startedAt, kinds, undetected, unnamed };
}

/** Alters, verifies, and takes it back. */
export async function once(bank: TamperBank, tamper: Tamper, chance: Chance, outside: OutsideLog): Promise<Found> {
  for (let tries = 0; tries < mostTries; tries++) {
    await bank.alone.query(`begin; set local session_replication_role = 'replica'`);
    try {
      const done = await tamper(bank, chance).catch(refused);
      if (done === undefined) continue;
      const found = await bank.verify(outside);
      const { differences } = found;
      const foundBy = new Set(differences.map(finderOf));
      if (found.is === 'complete' && found.total !== 0n) foundBy.add('total');
      return { what: done.what, isNamed: differences.some(done.isNamedBy), foundBy: [...foundBy] };
    } finally {
      await bank.alone.query('rollback');
    }
  }
  throw new Error('nothing could be altered');
}

/** By the database itself: an integrity constraint, or text that a generated column cannot be made from. */
function refused(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && /^(22|23|428)/.test(String(error.code))) return undefined;
  throw error;
}

function finderOf({ table, key }: Difference): string {
  if (table === 'journal') return 'replay of the journal';
  if (table === 'audit.verifications') return 'results in the journal';
  if (table !== 'log') return 'read model';
  if (key.startsWith('event')) return 'leaves';
  return key.startsWith('tile')
    ? 'tiles'
    : key.includes('witness')
      ? 'witness'
      : key.includes('before')
        ? 'seen before'
        : 'checkpoint';
}

export function tamperText({ seed, events, elapsedMs, kinds, undetected, unnamed }: TamperReport): string {
  const total = [...kinds.values()].reduce((sum, { count }) => sum + count, 0);
  const rows = [...kinds].map(([name, { count, foundBy }]) => {
    const by = [...foundBy].map(([finder, times]) => `${finder} ${String(times)}`).join(', ');
    return `| ${name} | ${String(count)} | ${by} |`;
  });
  return [
    `Seed ${String(seed)}: ${String(total)} alterations of a bank of ${String(events)} events in ${String(Math.round(elapsedMs / 1000))} s.`,
    '',
    '| what | times | found by |',
    '| --- | --- | --- |',
    ...rows,
    '',
    `Not found: ${String(undetected.length)}`,
    ...undetected.map((one) => `- ${one}`),
    `Found, not named: ${String(unnamed.length)}`,
    ...unnamed.map((one) => `- ${one}`),
  ].join('\n');
}
