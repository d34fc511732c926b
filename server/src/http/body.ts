/** Reads a request's body as JSON in UTF-8, within its limit; past it, nothing more is read. */
import type { Request } from 'express';
import readRaw from 'raw-body';
import type { Refusal } from './problems.ts';

export type ReadBody = (request: Request) => Promise<{ readonly received: unknown } | Refusal>;

/** Bytes that are not UTF-8 are refused, not replaced: https://www.rfc-editor.org/rfc/rfc8259, 8.1. */
const utf8 = new TextDecoder('utf-8', { fatal: true });
const notJson: Refusal = {
  code: 'validation_failed',
  errors: [{ where: 'body', problem: 'must be a JSON object in UTF-8' }],
};

export function jsonBody(limitBytes: number): ReadBody {
  return async (request) => {
    if (!isPlainJson(request)) return { code: 'unsupported_media_type' };
    let raw: Buffer;
    try {
      const length = request.headers['content-length'];
      raw = await readRaw(request, { limit: limitBytes, ...(length !== undefined && { length }) });
    } catch (error) {
      return refusalFor(error, limitBytes);
    }
    try {
      return { received: JSON.parse(utf8.decode(raw)) as unknown };
    } catch {
      return notJson;
    }
  };
}

function isPlainJson(request: Request): boolean {
  // Without a body there is no type: that is said of the body, not of its type.
  if (request.is('application/json') === false) return false;
  if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') return false;
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(request.headers['content-type'] ?? '') ?? [];
  return charset.toLowerCase() === 'utf-8';
}

/** What the reader reports, in our own words. */
function refusalFor(failure: unknown, limitBytes: number): Refusal {
  const type = failure instanceof Error && 'type' in failure ? failure.type : undefined;
  if (type === 'entity.too.large') return { code: 'payload_too_large', limitBytes };
  if (type === 'request.size.invalid' || type === 'request.aborted') return notJson;
  throw failure;
}
