/** Compares the journal's events with the transparency log: every leaf and every tile, and the roots that were signed, cosigned and seen before. */
import type pg from 'pg';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { PublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import { readPublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import { emptyEdge, grow, rootOfEdge } from '../../../ledger/src/transparency/tiles.ts';
import { hashBytes } from '../../../ledger/src/transparency/tree.ts';
import { tileComparison } from './compare-tiles.ts';
import type { Difference, Differ } from './difference.ts';
import type { LogClaims } from './log-claims.ts';
import { claimsOf } from './log-claims.ts';
import type { OutsideLog, RememberedLog } from './outside-log.ts';
import { seenLog } from './outside-log.ts';

/** What a verification compared with. */
export type LogSummary = {
  /** So many events the signed checkpoint covers. */
  readonly signed: number;
  readonly cosigned?: number;
  readonly witnessesAsked: number;
  readonly witnessesAnswered: number;
};

export type LogComparison = {
  /** The next events as they are stored, and their leaves one after the other; what is missing between them counts as another event. */
  take(stored: readonly JournalEvent[], leaves: Uint8Array<ArrayBuffer>): Promise<void>;
  /** How many events have to be taken. */
  readonly wanted: number;
  readonly taken: number;
  end(): Promise<LogResult>;
};

export type LogResult = {
  /** Undefined: no signer ever worked here, and nothing is said. */
  readonly summary: LogSummary | undefined;
  readonly differences: readonly Difference[];
  /** For the next one; undefined where something differs. */
  readonly seen: RememberedLog | undefined;
};

type Sources = {
  readonly reader: Pick<pg.Pool, 'query'>;
  readonly journal: { read(range: { from: number; limit: number }): Promise<readonly JournalEvent[]> };
  readonly outside: OutsideLog;
};

/** More positions missing at once are not filled, one by one, with what cannot be there. */
const mostMissing = 1_000_000;
const noLeaf = Buffer.alloc(hashBytes);

export async function compareLog({ reader, journal, outside }: Sources): Promise<LogComparison> {
  const differences: Difference[] = [];
  const differ: Differ = (difference) => differences.push(difference);
  const row = await readPublishedLog(reader);
  if (row === undefined && (await hasTiles(reader))) {
    differ({ table: 'log', key: 'checkpoint', journal: 'has tiles', readModel: 'is missing' });
  }
  if (await isCosignatureTorn(reader))
    differ({ table: 'log', key: 'cosigned checkpoint', readModel: 'is there in part' });
  const claims = claimsOf(row, outside, differ);
  const size = row?.size ?? 0;
  const tiles = tileComparison({ reader, journal, size }, differ);
  const wanted = Math.max(size, ...claims.roots.map((one) => one.size));
  /** Sizes at which a root or the tiles that are not full are compared. */
  const cuts = [...new Set([size, ...claims.roots.map((one) => one.size)])].sort((a, b) => a - b);
  let edge = emptyEdge;
  let isGivenUp = false;

  async function growTo(leaves: readonly Buffer[]): Promise<void> {
    if (leaves.length === 0) return;
    const grown = grow(edge, leaves);
    edge = grown.edge;
    await tiles.compareFull(grown.tiles);
    const root = rootAtCut();
    if (edge.size === size) await tiles.compareEdge(edge);
    for (const claim of claims.roots) {
      if (root === undefined || claim.size !== edge.size || claim.root.equals(root)) continue;
      const what = `of the first ${String(claim.size)} events: ${root.toString('hex')}`;
      differ({ table: 'log', key: claim.key, column: 'root', journal: what, readModel: claim.root.toString('hex') });
    }
  }
  const rootAtCut = (): Buffer | undefined => (cuts.includes(edge.size) ? rootOfEdge(edge) : undefined);

  return {
    wanted,
    get taken() {
      return isGivenUp ? wanted : edge.size;
    },
    async take(stored, hashes) {
      const leaves: Buffer[] = [];
      for (const [index, event] of stored.entries()) {
        if (isGivenUp || event.position > wanted) break;
        const missing = event.position - 1 - edge.size - leaves.length;
        if (missing > mostMissing) isGivenUp = true;
        if (missing < 0 || isGivenUp) continue;
        for (let n = 0; n < missing; n++) leaves.push(noLeaf);
        leaves.push(Buffer.from(hashes.buffer, hashes.byteOffset + index * hashBytes, hashBytes));
      }
      const first = edge.size;
      const ends = cuts.filter((cut) => cut > first && cut < first + leaves.length);
      for (const end of [...ends, first + leaves.length]) await growTo(leaves.slice(edge.size - first, end - first));
    },
    async end() {
      if (edge.size < size) await tiles.compareEdge(edge);
      for (const { key, size: claimed } of claims.roots) {
        if (claimed <= edge.size) continue;
        const journalEnds = `ends after event ${String(edge.size)}`;
        differ({ table: 'log', key, column: 'size', journal: journalEnds, readModel: String(claimed) });
      }
      await tiles.findSurplus(edge.size);
      return { summary: summaryOf(row, outside), differences, seen: seenOf(claims, differences) };
    },
  };
}

const hasTiles = async (reader: Sources['reader']): Promise<boolean> =>
  (await reader.query('select from log.tiles limit 1')).rows.length > 0;

/** Its size, note and time come and go together. */
const isCosignatureTorn = async (reader: Sources['reader']): Promise<boolean> =>
  (
    await reader.query(
      'select from log.checkpoint where num_nulls(cosigned_size, cosigned_note, cosigned_at) not in (0, 3)',
    )
  ).rows.length > 0;

function summaryOf(row: PublishedLog | undefined, { answers, policy }: OutsideLog): LogSummary | undefined {
  if (row === undefined) return undefined;
  return {
    signed: row.size,
    ...(row.cosigned !== undefined && { cosigned: row.cosigned.size }),
    witnessesAsked: policy?.witnesses.filter(({ url }) => url !== undefined).length ?? 0,
    witnessesAnswered: answers.filter(({ is }) => is !== 'silent').length,
  };
}

const seenOf = ({ key, signed, cosignedSize }: LogClaims, differences: readonly Difference[]) =>
  key === undefined || signed === undefined || differences.length > 0 ? undefined : seenLog(key, signed, cosignedSize);
