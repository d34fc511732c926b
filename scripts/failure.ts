/** A failure the person at the keyboard can mend: one sentence that says what, where, and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Whether an error is the operating system's of that name, such as `ENOENT`. */
export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** One sentence for what can be mended, the whole error for a bug. */
export const sentenceFor = (error: unknown): unknown => (error instanceof Failure ? error.message : error);

/** Ends the process, saying why. */
export function endWith(error: unknown): never {
  console.error(sentenceFor(error));
  process.exit(1);
}
