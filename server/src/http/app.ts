/** The application: every route behind its guards, the pages, and a problem for everything else. */
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { answers } from './answer.ts';
import type { Call } from './contract/call.ts';
import type { Metrics } from './metrics.ts';
import { noted, observe } from './observe.ts';
import { pages } from './pages.ts';
import type { DoorKeepers, Route } from './serve.ts';
import { guarded } from './serve.ts';

export type AppOptions = {
  readonly routes: readonly Route[];
  readonly keepers: DoorKeepers;
  readonly metrics: Metrics;
  readonly log: Logger;
};

const headers = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
});

export function createApp({ routes, keepers, metrics, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.use(observe({ metrics, log, terminalOf: keepers.terminalOf }));
  app.use(headers);

  const { answer, refuse, fail } = answers(log);
  app.use((request, response, next) => {
    // RFC 9112, 3.2: no request of HTTP/1.1 comes without.
    if (request.headers.host !== undefined) next();
    else refuse(response, { code: 'validation_failed', errors: [{ where: 'header Host', problem: 'is missing' }] });
  });
  for (const route of routes) {
    const { call } = route;
    const serve = guarded(route, keepers);
    app[call.method](expressPath(call), async (request, response) => {
      const note = noted(response);
      note.route = call.path;
      try {
        await answer(response, call, await serve(request, note.correlationId));
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
