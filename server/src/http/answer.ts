/** Writes every answer: a body, a stream, a problem; and makes a problem of every failure. */
import type { Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { Call } from './contract/call.ts';
import { isUnavailable } from './infrastructure.ts';
import { noted } from './observe.ts';
import type { Refusal } from './problems.ts';
import { problemHeaders, toProblem } from './problems.ts';
import type { Result, Streamed } from './serve.ts';

/** So many downloads at once; each keeps a page of entries in memory. */
const mostStreams = 32;

export type Answers = {
  readonly answer: (response: Response, call: Call, result: Result<unknown>) => Promise<void>;
  readonly refuse: (response: Response, refusal: Refusal) => void;
  /** For what was thrown: the log has all of it, the caller only that it happened. */
  readonly fail: (response: Response, error: unknown) => void;
};

export function answers(log: Logger): Answers {
  let streams = 0;

  function refuse(response: Response, refusal: Refusal): void {
    const note = noted(response);
    note.code = refusal.code;
    const problem = toProblem(refusal, note.correlationId);
    response
      .status(problem.status)
      .set({ 'Cache-Control': 'no-store', ...problemHeaders(refusal) })
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }

  function fail(response: Response, error: unknown): void {
    const { correlationId } = noted(response);
    const unavailable = isUnavailable(error);
    if (unavailable) log.warn({ err: error, correlationId }, 'a part of the bank cannot be reached');
    else log.error({ err: error, correlationId }, 'a request failed');
    if (response.headersSent) response.destroy();
    else refuse(response, unavailable ? { code: 'unavailable', retryAfterSeconds: 2 } : { code: 'internal_error' });
  }

  async function stream(response: Response, { answer }: Call, { pieces, headers }: Streamed): Promise<void> {
    if (streams >= mostStreams) {
      refuse(response, { code: 'overloaded', retryAfterSeconds: 5 });
      return;
    }
    streams += 1;
    try {
      response.status(answer.status).set({ 'Cache-Control': 'no-store', ...headers });
      const mediaType = answer.mediaType ?? 'text/plain';
      response.type(mediaType === 'application/pdf' ? mediaType : `${mediaType}; charset=utf-8`);
      await pipeline(Readable.from(pieces), response);
    } catch (error) {
      // Whoever hangs up in the middle does no harm.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
    } finally {
      streams -= 1;
    }
  }

  return {
    refuse,
    fail,
    async answer(response, call, result) {
      if ('code' in result) {
        refuse(response, result);
        return;
      }
      if ('pieces' in result) {
        await stream(response, call, result);
        return;
      }
      const { status, schema, mediaType } = call.answer;
      response.status(result.status ?? status).set({
        'Cache-Control': 'no-store',
        ...(mediaType !== undefined && { 'Content-Type': mediaType }),
        ...result.headers,
      });
      if (mediaType !== undefined) response.send(result.body);
      else if (schema !== undefined) response.json(result.body);
      else response.end();
    },
  };
}
