/** A failure the person at the keyboard can mend: one sentence that says what, where, and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Whether an error has this code: the operating system's, such as `ENOENT`, or PostgreSQL's, such as `23503`. */
export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Says why: one sentence for what can be mended, the whole error for a bug. */
export function printFailure(error: unknown): void {
  console.error(error instanceof Failure ? error.message : error);
}

/** Ends the process, saying why. */
export function endWith(error: unknown): never {
  printFailure(error);
  process.exit(1);
}
