/** One difference that a verification found between the journal and the read model. */

/** What the journal says, and what the read model shows; undefined: nothing. */
export type Difference = {
  readonly what: 'journal' | 'entry' | 'balance' | 'version' | 'status' | 'key';
  readonly account?: string;
  readonly entryId?: string;
  readonly journal?: string;
  readonly readModel?: string;
};

export type Differ = (difference: Difference) => void;
