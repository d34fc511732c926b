/** Loaded into a server before everything else: its clock is off by as many milliseconds as the file that its address names says. */
import { readFileSync } from 'node:fs';

const path = new URL(import.meta.url).searchParams.get('file') ?? '';
const everyMs = 100;

let offsetMs = 0;
const read = (): void => {
  try {
    offsetMs = Number(readFileSync(path, 'utf8'));
  } catch {
    // Just being written, or not there: the clock stays as it is.
  }
};
read();
setInterval(read, everyMs).unref();

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: ConstructorParameters<DateConstructor> | []) =>
    args.length === 0 ? new target(target.now() + offsetMs) : Reflect.construct(target, args),
  apply: (target) => new target(target.now() + offsetMs).toString(),
  get: (target, name, receiver): unknown =>
    name === 'now' ? () => target.now() + offsetMs : Reflect.get(target, name, receiver),
});
