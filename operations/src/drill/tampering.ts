/** One alteration of the tamper drill. */
import type { Difference } from '../../../server/src/audit/difference.ts';
import type { Chance } from './chance.ts';
import type { TamperBank } from './tamper-bank.ts';

/** What was done, and whether a difference names it. */
export type Tampering = { readonly what: string; readonly isNamedBy: (difference: Difference) => boolean };

/** Undefined where there was nothing to alter, or the database itself refuses it, whatever the role. */
export type Tamper = (bank: TamperBank, chance: Chance) => Promise<Tampering | undefined>;
