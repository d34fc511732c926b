/** The short key under which a command id is kept and looked up: the first 128 bits of its SHA-256. */
import { hash } from 'node:crypto';

/** As PostgreSQL's uuid reads it. Too long to be met twice by chance, and nobody can make two ids that share it. */
export const commandKey = (commandId: string): string => hash('sha256', commandId, 'hex').slice(0, 32);
