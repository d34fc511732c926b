/** The short key under which a command id is stored and looked up: the first 128 bits of its SHA-256. */
import { hash } from 'node:crypto';

/** As PostgreSQL's uuid reads it. Too long to be met twice by chance; two ids that share one would take about 2^64 hashes to find. */
export const commandKey = (commandId: string): string => hash('sha256', commandId, 'hex').slice(0, 32);
