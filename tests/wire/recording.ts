/** What was heard on a wire: pieces of bytes, each with its moment and direction. */

export type Piece = {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly from: 'customer' | 'bank';
  readonly bytes: Buffer;
};

export type Recording = {
  /** In words: the program that listened. */
  readonly recorder: string;
  /** What a piece is: a packet, or what a relay got in one go. */
  readonly unit: 'packets' | 'pieces';
  readonly pieces: readonly Piece[];
};

export type Recorder = {
  /** Where the customer has to connect for the wire to be heard. */
  readonly port: number;
  stop(): Promise<Recording>;
};
