/** The application: every route behind its guards, every answer written in one way, everything else a problem. */
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { Call } from './contract/call.ts';
import { isUnavailable } from './infrastructure.ts';
import type { Metrics } from './metrics.ts';
import { pages } from './pages.ts';
import type { Refusal } from './problems.ts';
import { problemHeaders, toProblem } from './problems.ts';
import type { RequestLine } from './request-log.ts';
import type { DoorKeepers, Result, Route, Streamed } from './serve.ts';
import { guarded } from './serve.ts';
import { terminalOf } from './terminal.ts';

export type AppOptions = {
  readonly routes: readonly Route[];
  readonly keepers: DoorKeepers;
  readonly metrics: Metrics;
  readonly log: Logger;
};

/** So many downloads at once; each keeps a page of entries in memory. */
const mostStreams = 32;

const headers = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
});

export function createApp({ routes, keepers, metrics, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  let streams = 0;

  app.use((request, response, next) => {
    const startedMs = performance.now();
    const correlationId = randomUUID();
    Object.assign(response.locals, { correlationId, route: 'none' });
    response.setHeader('X-Correlation-Id', correlationId);
    response.once('close', () => {
      const durationMs = performance.now() - startedMs;
      const { method } = request;
      const { route, code } = response.locals as { route: string; code?: string };
      // A method nobody knows is the caller's to choose: it may not become a label.
      const known = route === 'none' ? 'other' : method;
      metrics.observeRequest({ method: known, route, status: response.statusCode }, durationMs);
      const line: RequestLine = {
        method: known,
        route,
        status: response.statusCode,
        durationMs: Math.round(durationMs * 100) / 100,
        correlationId,
        terminal: terminalOf(request).name,
        ...(code !== undefined && { code }),
        ...(!response.writableFinished && { cutOff: true }),
      };
      log.info(line, 'request');
    });
    next();
  });
  app.use(headers);

  const correlationIdOf = (response: Response): string => String(response.locals['correlationId']);

  function refuse(response: Response, refusal: Refusal): void {
    const problem = toProblem(refusal, correlationIdOf(response));
    response.locals['code'] = refusal.code;
    response
      .status(problem.status)
      .set({ 'Cache-Control': 'no-store', ...problemHeaders(refusal) })
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }

  function fail(response: Response, error: unknown): void {
    const correlationId = correlationIdOf(response);
    const unavailable = isUnavailable(error);
    if (unavailable) log.warn({ err: error, correlationId }, 'a part of the bank cannot be reached');
    else log.error({ err: error, correlationId }, 'a request failed');
    if (response.headersSent) response.destroy();
    else refuse(response, unavailable ? { code: 'unavailable', retryAfterSeconds: 2 } : { code: 'internal_error' });
  }

  async function stream(response: Response, call: Call, { pieces, headers: extra }: Streamed): Promise<void> {
    if (streams >= mostStreams) {
      refuse(response, { code: 'overloaded', retryAfterSeconds: 5 });
      return;
    }
    streams += 1;
    try {
      response.status(call.answer.status).set({ 'Cache-Control': 'no-store', ...extra });
      response.type(`${call.answer.mediaType ?? 'text/plain'}; charset=utf-8`);
      await pipeline(Readable.from(pieces), response);
    } catch (error) {
      // Whoever hangs up in the middle does no harm.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
    } finally {
      streams -= 1;
    }
  }

  async function answer(response: Response, call: Call, result: Result<unknown>): Promise<void> {
    if ('code' in result) {
      refuse(response, result);
    } else if ('pieces' in result) {
      await stream(response, call, result);
    } else {
      const type = call.answer.mediaType !== undefined && { 'Content-Type': call.answer.mediaType };
      response
        .status(result.status ?? call.answer.status)
        .set({ 'Cache-Control': 'no-store', ...type, ...result.headers });
      if (call.answer.mediaType !== undefined) response.send(result.body);
      else if (call.answer.schema !== undefined) response.json(result.body);
      else response.end();
    }
  }

  for (const route of routes) {
    const { call } = route;
    const serve = guarded(route, keepers);
    app[call.method](expressPath(call), async (request, response) => {
      response.locals['route'] = call.path;
      try {
        await answer(response, call, await serve(request, response, correlationIdOf(response)));
      } catch (error) {
        fail(response, error);
      }
    });
  }
  for (const [path, ofPath] of Map.groupBy(routes, ({ call }) => expressPath(call))) {
    const allowed = ofPath.map(({ call }) => call.method.toUpperCase());
    app.all(path, (_request, response) => {
      refuse(response, { code: 'method_not_allowed', allowed });
    });
  }
  app.use(pages());
  app.use((_request, response) => {
    refuse(response, { code: 'not_found' });
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    if (error instanceof URIError) {
      const problem = 'must be UTF-8 in percent-encoding';
      refuse(response, { code: 'validation_failed', errors: [{ where: 'path', problem }] });
    } else {
      fail(response, error);
    }
  });
  return app;
}

const expressPath = ({ path }: Call): string => path.replace(/\{(\w+)\}/g, ':$1');
