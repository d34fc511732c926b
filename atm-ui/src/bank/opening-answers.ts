/** The questions of an opening, and what the bank takes for an answer to each: its own contract says. */
import type { Problem } from '../../../api/src/problems.ts';
import { openAccount } from '../../../api/src/calls/accounts.ts';

export const questions = ['lastName', 'firstName', 'address', 'postalCode', 'city', 'landline', 'mobile'] as const;
export type Question = (typeof questions)[number];

const { shape } = openAccount.body;

export const isOptional = (question: Question): boolean => shape[question].safeParse(undefined).success;

export type Answer =
  /** As it is sent; not at all where there is none and none is needed. */
  { readonly is: 'taken'; readonly value: string | undefined } | { readonly is: 'empty' } | { readonly is: 'wrong' };

export function answerOf(question: Question, typed: string): Answer {
  const isEmpty = typed.trim() === '';
  if (isEmpty && isOptional(question)) return { is: 'taken', value: undefined };
  const { success, data } = shape[question].safeParse(typed);
  if (success) return { is: 'taken', value: data };
  return { is: isEmpty ? 'empty' : 'wrong' };
}

/** Whether a PIN is what the bank did not take: one that everybody would guess. */
export const isAboutPin = ({ code, errors = [] }: Problem): boolean =>
  code === 'validation_failed' && errors.some(({ where }) => /^body\.(pin|newPin)$/.test(where));
