/** Reads a request's body as JSON in UTF-8, within its limit; past it, nothing more is read. */
import type { Request } from 'express';
import readRaw from 'raw-body';
import type { ApiRejection } from '../../../api/src/problems.ts';

export type ReadBody = (request: Request) => Promise<{ readonly received: unknown } | ApiRejection>;

/** Bytes that are not UTF-8 are rejected, not replaced: https://www.rfc-editor.org/rfc/rfc8259, 8.1. */
const utf8 = new TextDecoder('utf-8', { fatal: true });
const notJson: ApiRejection = {
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
      // Whoever hung up while the session was looked up is told nothing: it is no fault of this server.
      return request.destroyed ? notJson : rejectionFor(error, limitBytes);
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

/** The rejection for what the reader of raw bodies reports. */
function rejectionFor(failure: unknown, limitBytes: number): ApiRejection {
  const type = failure instanceof Error && 'type' in failure ? failure.type : undefined;
  if (type === 'entity.too.large') return { code: 'payload_too_large', limitBytes };
  if (type === 'request.size.invalid' || type === 'request.aborted') return notJson;
  throw failure;
}
