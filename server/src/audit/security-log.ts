/** Security events: wrong PINs, log-ins of staff, sessions carried elsewhere, recorded for auditors with where they came from; no request waits for its own. */

export type SecurityEvent = {
  readonly id: number;
  readonly at: string;
  readonly kind: 'pin_wrong' | 'staff_logged_in' | 'staff_refused' | 'session_elsewhere';
  readonly subject: string;
  readonly terminal: string;
  /** The client's; none in events from before addresses were recorded. */
  readonly address?: string;
};

export interface SecurityLog {
  record(event: Omit<SecurityEvent, 'id' | 'at' | 'address'> & { readonly address: string }): void;
  /** Deletes what is older than its retention period. */
  sweep(): Promise<void>;
  /** Upwards from above `after`; without it, the last ones. */
  read(options: { readonly after?: number; readonly limit: number }): Promise<readonly SecurityEvent[]>;
}
