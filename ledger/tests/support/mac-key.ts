/** The key of the bank in tests that have no other. */
import { createSecretKey } from 'node:crypto';

export const testMacKey = createSecretKey(Buffer.alloc(32, 7));
