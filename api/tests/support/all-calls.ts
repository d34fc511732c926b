/** Every call of the contract, whichever file it is in. */
import { readdirSync } from 'node:fs';
import type { Call } from '../../src/call.ts';

const folder = new URL('../../src/calls/', import.meta.url);

const isCall = (value: unknown): value is Call => typeof value === 'object' && value !== null && 'rejections' in value;

const modules = await Promise.all(
  readdirSync(folder).map((file) => import(new URL(file, folder).href) as Promise<Record<string, unknown>>),
);

export const allCalls: readonly Call[] = modules.flatMap((module) => Object.values(module).filter(isCall));
