/** Reads a request's body as JSON, within its limit. */
import type { Request, RequestHandler, Response } from 'express';
import express from 'express';
import type { Refusal } from './problems.ts';

export type ReadBody = (request: Request, response: Response) => Promise<{ readonly received: unknown } | Refusal>;

export function jsonBody(limitBytes: number): ReadBody {
  const parse: RequestHandler = express.json({ limit: limitBytes, inflate: false });
  return async (request, response) => {
    if (request.is('application/json') === false) return { code: 'unsupported_media_type' };
    const failure = await new Promise<unknown>((resolve) => {
      parse(request, response, resolve);
    });
    if (failure !== undefined) return refusalFor(failure, limitBytes);
    return { received: request.body as unknown };
  };
}

/** What the parser reports, in our own words: its messages repeat pieces of the body. */
function refusalFor(failure: unknown, limitBytes: number): Refusal {
  const type = failure instanceof Error && 'type' in failure ? failure.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return { code: 'payload_too_large', limitBytes };
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return { code: 'unsupported_media_type' };
    case 'entity.parse.failed':
    case 'request.size.invalid':
    case 'request.aborted':
      return { code: 'validation_failed', errors: [{ where: 'body', problem: 'must be a JSON object' }] };
    default:
      throw failure;
  }
}
