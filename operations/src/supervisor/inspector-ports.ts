/** Reads which of the bank's processes a debugger may attach to, and where: `server`, `projector=9300`. */
import { Failure } from '../../../ledger/src/failure.ts';
import type { InspectorPorts, ProgramName } from './children.ts';
import { programNames } from './children.ts';

/** Node's own default, and the next one. */
const defaultPorts: Readonly<Record<ProgramName, number>> = { server: 9229, projector: 9230, signer: 9231 };

/** Throws a `Failure`. */
export function readInspectorPorts(texts: readonly string[]): InspectorPorts {
  return new Map(texts.map(readOne));
}

function readOne(text: string): readonly [ProgramName, number] {
  const [, given, port] = /^([a-z]+)(?:=(\d{1,5}))?$/.exec(text) ?? [];
  const name = programNames.find((one) => one === given);
  if (name === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw new Failure(`--inspect is "${text}", but must be server or projector, with =PORT if need be.`);
  }
  return [name, port === undefined ? defaultPorts[name] : Number(port)];
}
