/** Gives every request its correlation id, and leaves a line in the log and a measurement when it has been answered. */
import type { RequestHandler, Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';
import type { RefusalCode } from './problems.ts';
import type { TerminalOf } from './terminal.ts';

/** What is noted about a request while it is being answered. */
export type Noted = {
  readonly correlationId: string;
  /** The call's pattern, never the address itself; `none` until one was found. */
  route: string;
  code?: RefusalCode;
};

export const noted = (response: Response): Noted => response.locals as Noted;

/** A request's line in the log. */
type Line = Noted & {
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
  readonly terminal: string;
  /** The connection ended before the answer did. */
  readonly cutOff?: true;
};

export const observe =
  ({
    metrics,
    log,
    terminalOf,
  }: {
    readonly metrics: Metrics;
    readonly log: Logger;
    readonly terminalOf: TerminalOf;
  }): RequestHandler =>
  (request, response, next) => {
    const startedMs = performance.now();
    const note: Noted = { correlationId: randomUUID(), route: 'none' };
    Object.assign(response.locals, note);
    response.setHeader('X-Correlation-Id', note.correlationId);
    response.once('close', () => {
      const durationMs = performance.now() - startedMs;
      const { statusCode: status } = response;
      const { route } = noted(response);
      // Where no call was found, the method may be anything: it does not become a label.
      const method = route === 'none' ? 'any' : request.method;
      metrics.observeRequest({ method, route, status }, durationMs);
      const line: Line = {
        ...noted(response),
        method,
        status,
        durationMs: Math.round(durationMs * 100) / 100,
        terminal: terminalOf(request).name,
        ...(!response.writableFinished && { cutOff: true }),
      };
      log.info(line, 'request');
    });
    next();
  };
