/** Checks the parts of a request against their schemas and says in clear words what is wrong, and where. */
import * as z from 'zod/mini';
import type { Mistake } from '../../../api/src/problems.ts';

const mostMistakes = 10;

/** Sentences for what the schemas themselves have none for. Values are never repeated: they may be PINs. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${article(issue.expected)}`;
    case 'unrecognized_keys':
      return `has an unknown field: ${issue.keys
        .map((key) => JSON.stringify(key.slice(0, 40)))
        .join(', ')
        .slice(0, 200)}`;
    case 'invalid_value':
      return `must be ${issue.values
        .map((value) => JSON.stringify(value))
        .join(', ')
        .replace(/, (?=[^,]*$)/, ' or ')}`;
    default:
      return undefined;
  }
}

const article = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

/** The same schema, its parser generated: a transfer's body is parsed several times faster, with the same answers. */
export const compiled = (schema: z.ZodMiniType | undefined): z.ZodMiniType | undefined => schema && z.compile(schema);

/** What a schema makes of a value, or what is wrong with it; `part` is the part of the request it comes from. */
export function check(
  schema: z.ZodMiniType,
  value: unknown,
  part: 'path' | 'query' | 'body',
): { readonly value: unknown } | { readonly mistakes: readonly Mistake[] } {
  const result = schema.safeParse(value, { error: sentence });
  if (result.success) return { value: result.data };
  const mistakes = result.error.issues.slice(0, mostMistakes).map(({ path, message }) => ({
    where: [part, ...path].reduce<string>(
      (where, step) =>
        typeof step === 'number'
          ? `${where}[${String(step)}]`
          : where === ''
            ? String(step)
            : `${where}.${String(step)}`,
      '',
    ),
    problem: message,
  }));
  return { mistakes };
}
