/** Gives every request its record, and leaves a line in the log and a measurement when its response has ended. */
import type { RequestHandler, Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ApiRejectionCode } from '../../../api/src/problems.ts';
import type { Metrics } from './metrics.ts';
import type { TraceRequest } from './request-trace.ts';
import type { Terminal, TerminalOf } from './terminal.ts';

/** What is known of a request from its arrival on, and of its response as soon as it is decided. */
export type RequestRecord = {
  readonly correlationId: string;
  /** As it was when the request arrived. */
  readonly terminal: Terminal;
  /** The call's pattern, never the address itself; `none` until one was found. */
  route: string;
  code?: ApiRejectionCode;
};

export const recordOf = (response: Response): RequestRecord => response.locals as RequestRecord;

/** A request's line in the log. */
type Line = Omit<RequestRecord, 'terminal'> & {
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
  readonly terminal: string;
  /** The connection ended before the response did. */
  readonly cutOff?: true;
};

export const requestLog =
  ({
    metrics,
    log,
    terminalOf,
    trace,
  }: {
    readonly metrics: Pick<Metrics, 'observeRequest'>;
    readonly log: Logger;
    readonly terminalOf: TerminalOf;
    /** Absent while traces are off. */
    readonly trace: TraceRequest | undefined;
  }): RequestHandler =>
  (request, response, next) => {
    const startedMs = performance.now();
    const arrived: RequestRecord = { correlationId: randomUUID(), terminal: terminalOf(request), route: 'none' };
    Object.assign(response.locals, arrived);
    response.setHeader('X-Correlation-Id', arrived.correlationId);
    response.once('close', () => {
      const durationMs = performance.now() - startedMs;
      const { statusCode: status } = response;
      const record = recordOf(response);
      // Where no call was found, the method may be anything: it does not become a label.
      const method = record.route === 'none' ? 'any' : request.method;
      metrics.observeRequest({ method, route: record.route, status }, durationMs);
      trace?.(request, response, record, durationMs);
      const line: Line = {
        ...record,
        method,
        status,
        durationMs: Math.round(durationMs * 100) / 100,
        terminal: record.terminal.name,
        ...(!response.writableFinished && { cutOff: true }),
      };
      log.info(line, 'request');
    });
    next();
  };
