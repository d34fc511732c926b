/** Checks the parts of a request against their schemas and says in clear words what is wrong, and where. */
import type { z } from 'zod';
import type { Mistake } from './problems.ts';

const mostMistakes = 10;

/** Words for what the schemas themselves have no sentence for. Values are never repeated: they may be PINs. */
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

/** What a schema makes of a value, or what is wrong with it; `part` is where the value stands in the request. */
export function check(
  schema: z.ZodType,
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
