/** The calls of the transparency log, as c2sp.org/tlog-tiles says: its checkpoint and tiles for everybody, its entries for auditors. */
import * as z from 'zod/mini';
import type { Rate } from '../call.ts';
import { defineCall } from '../call.ts';

/** Whoever follows the log reads one tile for 256 events; whoever reads all of it, as fast as this. A judgement. */
const readers: { readonly source: Rate } = { source: { burst: 600, perSecond: 100 } };

const tile = z
  .string()
  .check(
    z.describe(
      'The tile’s number in groups of three digits, all but the last after an `x` (1234067 is `x001/x234/067`); of one that is not full, `.p/` and its width.',
    ),
  );

const binary = { status: 200, schema: z.string(), mediaType: 'application/octet-stream' } as const;

export const readCheckpoint = defineCall({
  id: 'readCheckpoint',
  method: 'get',
  path: '/log/checkpoint',
  group: 'Log',
  summary: 'The last checkpoint: a signed note with the journal’s size and the root of the tree over it',
  description: 'c2sp.org/tlog-checkpoint; with the cosignatures that the witnesses gave.',
  who: 'anyone',
  rate: readers,
  cacheControl: 'public, max-age=1',
  answer: { status: 200, description: 'The signed note.', schema: z.string(), mediaType: 'text/plain' },
  rejections: ['checkpoint_not_found', 'unavailable'],
});

export const readTile = defineCall({
  id: 'readTile',
  method: 'get',
  path: '/log/tile/{level}/{tile}',
  lastTakesRest: true,
  group: 'Log',
  summary: 'A tile of the tree: at most 256 hashes of one level',
  description:
    'c2sp.org/tlog-tiles. Never of what is not in the published checkpoint; the tiles that are not full in every width up to there.',
  who: 'anyone',
  rate: readers,
  cacheControl: 'public, max-age=31536000, immutable',
  params: z.strictObject({ level: z.string().check(z.describe('0 to 63.')), tile }),
  answer: { ...binary, description: 'The hashes, 32 bytes each.' },
  rejections: ['tile_not_found', 'unavailable'],
});

export const readEntryBundle = defineCall({
  id: 'readEntryBundle',
  method: 'get',
  path: '/log/tile/entries/{tile}',
  lastTakesRest: true,
  group: 'Log',
  summary: 'The entries that the hashes of a tile are of',
  who: 'auditor',
  params: z.strictObject({ tile }),
  compressed: true,
  answer: { ...binary, description: 'Each entry after its length, two bytes.' },
  rejections: ['tile_not_found', 'overloaded', 'unavailable'],
});

export const readEventBundle = defineCall({
  id: 'readEventBundle',
  method: 'get',
  path: '/log/tile/events/{tile}',
  lastTakesRest: true,
  group: 'Log',
  summary: 'The events that the entries of a tile are of, as the journal has them',
  who: 'auditor',
  params: z.strictObject({ tile }),
  compressed: true,
  answer: { ...binary, description: 'Each event’s text after its length, four bytes.' },
  rejections: ['tile_not_found', 'overloaded', 'unavailable'],
});
