/** An event that is in the journal and cannot be read: where it is, and which of a closed set of reasons it is. */

/** With a sentence's end for each: `position 7 …`. */
export const unreadableReasons = {
  not_json: 'holds bytes that are no JSON',
  unknown_type: 'holds an event of a type that this program does not know',
  unknown_version: 'holds an event of a schema version that this program does not know',
  wrong_shape: 'holds an event whose fields are not those of its type',
} as const;
export type UnreadableReason = keyof typeof unreadableReasons;

/** Thrown by the codec. Nothing may go on beyond it; whoever reads again once it is mended goes on. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
  readonly position: number;
  readonly reason: UnreadableReason;

  constructor(position: number, reason: UnreadableReason) {
    super(`position ${String(position)} ${unreadableReasons[reason]}`);
    this.position = position;
    this.reason = reason;
  }
}
