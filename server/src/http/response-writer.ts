/** Writes every response: a body, a stream, a rejection as a problem; and turns every failure into a rejection. */
import type { Response } from 'express';
import type { Logger } from 'pino';
import type { Call } from '../../../api/src/call.ts';
import type { ApiRejection } from '../../../api/src/problems.ts';
import { problemHeaders, toProblem } from '../../../api/src/problems.ts';
import { replayHeader } from './idempotency.ts';
import { rejectionOf } from './infrastructure.ts';
import type { Result, StreamedResponse } from './pipeline.ts';
import { recordOf } from './request-log.ts';
import { streamBounds, writeStream } from './streams.ts';

export type ResponseWriter = {
  readonly write: (response: Response, call: Call, result: Result<unknown>) => Promise<void>;
  readonly reject: (response: Response, rejection: ApiRejection) => void;
  /** For what was thrown: the log has all of it, the caller only that it happened. */
  readonly fail: (response: Response, error: unknown) => void;
};

export function responseWriter(log: Logger): ResponseWriter {
  const bounds = streamBounds();

  function reject(response: Response, rejection: ApiRejection): void {
    const record = recordOf(response);
    record.code = rejection.code;
    const problem = toProblem(rejection, record.correlationId);
    response
      .status(problem.status)
      .set({ 'Cache-Control': 'no-store', ...problemHeaders(rejection) })
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }

  function fail(response: Response, error: unknown): void {
    const { correlationId } = recordOf(response);
    const rejection = rejectionOf(error);
    if (rejection.code !== 'internal_error')
      log.warn({ err: error, correlationId }, 'a part of the bank cannot be reached or read');
    else log.error({ err: error, correlationId }, 'a request failed');
    if (response.headersSent) response.destroy();
    else reject(response, rejection);
  }

  async function stream(response: Response, call: Call, result: StreamedResponse): Promise<void> {
    using entered = bounds.enter(call, result.session?.caller);
    if (entered === undefined) reject(response, { code: 'overloaded', retryAfterSeconds: 5 });
    else await writeStream(response, call, result);
  }

  return {
    reject,
    fail,
    async write(response, call, result) {
      if ('code' in result) {
        response.set(replayHeader({ replayed: result.replayed === true }));
        reject(response, result);
        return;
      }
      if ('pieces' in result) {
        await stream(response, call, result);
        return;
      }
      const { status, schema, mediaType } = call.answer;
      response.status(result.status ?? status).set({
        'Cache-Control': call.cacheControl ?? 'no-store',
        ...(mediaType !== undefined && { 'Content-Type': mediaType }),
        ...result.headers,
      });
      if (mediaType !== undefined) response.send(result.body);
      else if (schema !== undefined) response.json(result.body);
      else response.end();
    },
  };
}
