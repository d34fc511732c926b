/** Peers on the bank's own journal table: one commit a row, and COPY, which is as fast as PostgreSQL takes rows at all. */
import pg from 'pg';
import type { StoredEvent } from '../../ledger/src/domain/codec.ts';
import { emptyGroup, decideInto } from '../../ledger/src/bookkeeper/group.ts';
import { liveBook } from '../../ledger/src/bookkeeper/book.ts';
