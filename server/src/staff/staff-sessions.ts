/** Staff sessions, as requests use them. */
import type { StaffRole } from '../../../api/src/calls/staff.ts';

export type StaffSession = { readonly username: string; readonly role: StaffRole; readonly token: string };

export interface StaffSessions {
  /** `expiresAt` is the moment the session ends at the latest: ISO 8601, UTC. */
  begin(username: string): Promise<{ readonly token: string; readonly expiresAt: string }>;
  /** The role is read with each request, so that taking it away works at once. */
  find(token: string): Promise<StaffSession | undefined>;
  /** As `find` tells it, without counting as a use. */
  isAlive(token: string): Promise<boolean>;
  end(token: string): Promise<void>;
  /** Deletes what has expired. */
  sweep(): Promise<void>;
}
