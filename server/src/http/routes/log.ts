/** The routes of the transparency log: checkpoint and tiles for everybody, the entries' bundles for auditors. */
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { BundleForm } from '../../../../ledger/src/transparency/bundle-forms.ts';
import { parseTileIndex, tileWidth } from '../../../../ledger/src/transparency/tiles.ts';
import * as contract from '../../../../api/src/calls/log.ts';
import type { ApiRejection } from '../../../../api/src/problems.ts';
import { bundle } from '../../log/bundles.ts';
import type { PublishedLog } from '../../log/published-log.ts';
import type { Route, StreamedResponse } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly publishedLog: PublishedLog;
  /** For what goes on for long. */
  readonly streams: { readonly journal: Journal };
};

const notFound = { code: 'tile_not_found' } as const satisfies ApiRejection;
const levelPattern = /^(?:\d|[1-5]\d|6[0-3])$/;

export function logRoutes({ publishedLog, streams }: Parts): readonly Route[] {
  async function bundleOf(
    form: BundleForm,
    path: string,
    takesGzip: boolean,
  ): Promise<StreamedResponse | ApiRejection> {
    const name = parseTileIndex(path);
    const size = (await publishedLog.latest())?.size ?? 0;
    if (name === undefined || name.index * tileWidth + name.width > size) return notFound;
    const pieces = bundle(streams.journal, form, { from: name.index * tileWidth + 1, count: name.width });
    const headers = { Vary: 'Accept-Encoding' };
    if (!takesGzip) return { pieces, headers };
    // An error of the pieces is the packed ones' as well.
    const packed = pipeline(Readable.from(pieces), createGzip(), () => undefined);
    return { pieces: packed, headers: { ...headers, 'Content-Encoding': 'gzip' } };
  }

  return [
    route(contract.readCheckpoint, async () => {
      const published = await publishedLog.latest();
      if (published === undefined) return { code: 'checkpoint_not_found' };
      return { body: published.note, headers: { 'Content-Type': 'text/plain; charset=utf-8' } };
    }),

    // Before the tiles: "entries" and "events" are no levels.
    route(contract.readEntryBundle, ({ params, takesGzip }) => bundleOf('entries', params.tile, takesGzip)),

    route(contract.readEventBundle, ({ params, takesGzip }) => bundleOf('events', params.tile, takesGzip)),

    route(contract.readTile, async ({ params: { level, tile } }) => {
      const hashes = levelPattern.test(level) ? await publishedLog.tile(Number(level), tile) : undefined;
      return hashes === undefined ? notFound : { body: hashes };
    }),
  ];
}
