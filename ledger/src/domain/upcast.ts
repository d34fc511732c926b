/** Brings the stored fields of earlier schema versions to those of today, one version after the other; the journal stays as it is. */
import type { LedgerEvent } from './events.ts';

type EventType = LedgerEvent['type'];
type Fields = Readonly<Record<string, unknown>>;

/** Of each type whose fields have changed, what leads from version 1 to 2, from 2 to 3 and so on. Steps are only ever added. */
const steps: Readonly<Partial<Record<EventType, readonly ((data: Fields) => Fields)[]>>> = {
  PinChanged: [
    // Version 1 did not say who changed the PIN: only an operator gives a reason, and before 0.2.0 only holders changed it.
    (data) => ({ ...data, by: data['reason'] === undefined ? 'holder' : 'operator' }),
  ],
};

/** The version in which events of this type are written today. */
export const schemaVersionOf = (type: EventType): string => String(1 + (steps[type]?.length ?? 0));

/** Undefined for a version that this program does not know. */
export function upcast(type: EventType, version: unknown, data: Fields): Fields | undefined {
  const ofType = steps[type];
  if (ofType === undefined) return version === '1' ? data : undefined;
  for (let from = 0; from <= ofType.length; from += 1) {
    if (version === String(from + 1)) return ofType.slice(from).reduce((fields, step) => step(fields), data);
  }
  return undefined;
}
