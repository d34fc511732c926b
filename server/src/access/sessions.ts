/** Customers' sessions, as requests use them. */

export type CustomerSession = {
  readonly account: string;
  /** The token in clear, as the caller just sent it: only with it can the PIN be confirmed. */
  readonly token: string;
  /** What confirming a PIN is checked against. */
  readonly pinDigest: Buffer;
  /** The same for the PIN that this session has replaced. */
  readonly replacedDigest?: Buffer;
  /** Where it began: used anywhere else, it is nobody's. */
  readonly terminal: string;
  /** Nothing else can be done until the PIN is changed. */
  readonly mustChangePin: boolean;
};

export interface Sessions {
  /** Gives the moment the session ends at the latest: ISO 8601, UTC. */
  begin(session: Omit<CustomerSession, 'replacedDigest'> & { readonly pinPosition: number }): Promise<string>;
  find(token: string): Promise<CustomerSession | undefined>;
  /** As `find` tells it, without counting as a use. */
  isAlive(token: string): Promise<boolean>;
  end(token: string): Promise<void>;
  /** All sessions of an account. */
  endAll(account: string): Promise<void>;
  /** Deletes what has expired. */
  sweep(): Promise<void>;
}
