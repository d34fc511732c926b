/** The first span of a request's trace: which call, which outcome, how long. */
import type { Request, Response } from 'express';
import type { Tracer } from '../../../ledger/src/tracing/tracer.ts';
import type { StaffCertificateOf, Terminal } from './terminal.ts';

type Answered = {
  readonly correlationId: string;
  readonly terminal: Terminal;
  readonly route: string;
  /** The rejection's. */
  readonly code?: string;
};

export type TraceRequest = (request: Request, response: Response, answered: Answered, durationMs: number) => void;

/**
 * Of the API's calls only. A caller's own trace is linked where the bank issued the certificate of its connection, and
 * never joined: no caller chooses a trace's id, or whether it is recorded.
 */
export const requestTrace =
  (tracer: Tracer, staffCertificateOf: StaffCertificateOf): TraceRequest =>
  (request, response, { correlationId, route, code, terminal }, durationMs) => {
    if (!route.startsWith('/api/')) return;
    const isKnown = terminal.status === 'certified' || staffCertificateOf(request) !== undefined;
    const { statusCode: status } = response;
    tracer.recordRequest({
      correlationId,
      name: `${request.method} ${route}`,
      arrivedAtMs: Date.now() - durationMs,
      durationMs,
      attributes: {
        'http.request.method': request.method,
        'http.route': route,
        'http.response.status_code': status,
        ...(code && { 'error.type': code }),
      },
      hasFailed: status >= 500,
      traceparent: isKnown ? request.get('traceparent') : undefined,
    });
  };
