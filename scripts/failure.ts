/** A failure the person at the keyboard can mend: one sentence that says what, where, and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Whether an error is the operating system's of that name, such as `ENOENT`. */
export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Ends the process with one sentence for what can be mended, and with the whole error for a bug. */
export function endWith(error: unknown): never {
  if (error instanceof Failure) console.error(error.message);
  else console.error(error);
  process.exit(1);
}
