/** The names by which the bank's programs know one another inside PostgreSQL: advisory locks and application names. */

/** Arbitrary numbers, each used for one purpose; programs of different releases must agree on them, so they never change. */
export const advisoryLocks = {
  /** Held by the server that writes, after a conflict. */
  writer: 7_241_001,
  /** Held by the projector that works. */
  projector: 7_241_002,
  /** Held by a rebuild of the read model. */
  rebuild: 7_241_003,
  /** Shared by everybody who uses the embedded server. */
  embeddedServerInUse: 7_241_004,
  /** Held by whoever makes the log-in roles. */
  logInRoles: 7_241_005,
  /** Shared by whoever writes a security event, until it is committed. */
  securityEvents: 7_302_114,
  /** Held by the verification that runs. */
  verification: 7_302_115,
  /** Held by the signer that works. */
  signer: 7_302_116,
  /** Held by a rotation of the master key. */
  keyRotation: 7_302_001,
} as const;

/** What `pg_stat_activity` shows as `application_name`. */
export const applicationNames = {
  server: 'grand-livre-server',
  projector: 'grand-livre-projector',
  signer: 'grand-livre-signer',
  /** Commands that open the bank themselves, such as the import. */
  command: 'grand-livre-command',
  bench: 'grand-livre-bench',
  /** The connection that says the embedded server is in use. */
  inUse: 'grand-livre-in-use',
} as const;
