/** Responses that are written piece by piece: so many at once of each kind and caller, none longer than its session. */
import type { Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Call } from '../../../api/src/call.ts';
import type { StreamedResponse } from './pipeline.ts';
import { repeat } from '../repeat.ts';

type Kind = 'events' | 'download';

/**
 * So many at once, whoever asks for them: a download holds a page of entries in memory, a feed waits most of the time.
 * And so many for each caller, so that one leaves room for the others. Chosen, not measured.
 */
export const mostStreams: Readonly<Record<Kind, { readonly ofAll: number; readonly ofOneCaller: number }>> = {
  events: { ofAll: 64, ofOneCaller: 8 },
  download: { ofAll: 32, ofOneCaller: 4 },
};

/** A stream outlives its session by so much at most. */
const checkIntervalMs = 1_000;
/** A header line and the first page: what fails until then is answered with a problem, before anything was written. */
const piecesBeforeBegun = 2;

export type Streams = {
  /** Undefined when there are too many already; else its turn, to be given back. */
  readonly enter: (call: Call, caller: string | undefined) => Disposable | undefined;
};

/** Feeds, progress and downloads are counted apart: open feeds block nobody's statement. */
export function streamBounds(): Streams {
  const open = new Map<string, number>();
  const count = (name: string, by: 1 | -1): void => {
    const left = (open.get(name) ?? 0) + by;
    if (left === 0) open.delete(name);
    else open.set(name, left);
  };
  return {
    enter({ id, answer }, caller) {
      const kind = kindOf(answer.mediaType);
      const all = kind === 'events' ? id : kind;
      const ofCaller = caller === undefined ? undefined : `${all} ${caller}`;
      const { ofAll, ofOneCaller } = mostStreams[kind];
      if ((open.get(all) ?? 0) >= ofAll) return undefined;
      if (ofCaller !== undefined && (open.get(ofCaller) ?? 0) >= ofOneCaller) return undefined;
      const names = ofCaller === undefined ? [all] : [all, ofCaller];
      for (const name of names) count(name, 1);
      return {
        [Symbol.dispose]() {
          for (const name of names) count(name, -1);
        },
      };
    },
  };
}

const kindOf = (mediaType: string | undefined): Kind => (mediaType === 'text/event-stream' ? 'events' : 'download');

const binaryTypes: readonly string[] = ['application/pdf', 'application/octet-stream'];

/** Writes it to its end, or until its session has ended. Throws what `pieces` throws. */
export async function writeStream(
  response: Response,
  { answer }: Call,
  { pieces, headers, session }: StreamedResponse,
): Promise<void> {
  const begun = kindOf(answer.mediaType) === 'download' ? await begin(pieces) : pieces;
  response.status(answer.status).set({ 'Cache-Control': 'no-store', ...headers });
  const mediaType = answer.mediaType ?? 'text/plain';
  response.type(binaryTypes.includes(mediaType) ? mediaType : `${mediaType}; charset=utf-8`);
  const ending = new AbortController();
  const stopChecking =
    session &&
    repeat(
      checkIntervalMs,
      async () => {
        if (!(await session.isAlive())) ending.abort();
      },
      () => undefined,
    );
  try {
    // Whoever waits for events knows at once that they will come.
    response.flushHeaders();
    await pipeline(Readable.from(begun), response, { signal: ending.signal });
  } catch (error) {
    // Whoever hangs up in the middle does no harm, and a session that ended is no failure.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ERR_STREAM_PREMATURE_CLOSE' && !ending.signal.aborted) throw error;
    response.destroy();
  } finally {
    await stopChecking?.();
  }
}

type Piece = string | Uint8Array;

/** The same pieces, the first of them made already. */
async function begin(pieces: AsyncIterable<Piece>): Promise<AsyncIterable<Piece>> {
  const rest = pieces[Symbol.asyncIterator]();
  const first: Piece[] = [];
  for (let n = 0; n < piecesBeforeBegun; n++) {
    const next = await rest.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  return (async function* () {
    try {
      yield* first;
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
    } finally {
      await rest.return?.();
    }
  })();
}
