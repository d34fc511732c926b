/** The application: every route behind its guards, the pages, and a problem for everything else. */
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { responseWriter } from './response-writer.ts';
import type { Call } from '../../../api/src/call.ts';
import type { Tracer } from '../../../ledger/src/tracing/tracer.ts';
import type { Metrics } from './metrics.ts';
import { recordOf, requestLog } from './request-log.ts';
import { requestTrace } from './request-trace.ts';
import { pages } from './pages.ts';
import type { Guards, Route } from './pipeline.ts';
import { requestPipeline } from './pipeline.ts';
import type { TerminalOf } from './terminal.ts';
import type { BankPolicy } from './verifier-page.ts';
import { verifierPage } from './verifier-page.ts';

export type AppOptions = {
  readonly routes: readonly Route[];
  readonly guards: Guards;
  readonly terminalOf: TerminalOf;
  /** Whose signatures on a receipt count, as the bank says it. */
  readonly bankPolicy: BankPolicy;
  readonly metrics: Pick<Metrics, 'observeRequest'>;
  readonly log: Logger;
  /** Absent while traces are off. */
  readonly tracer?: Tracer | undefined;
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

export function createApp({ routes, guards, terminalOf, bankPolicy, metrics, log, tracer }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  const trace = tracer && requestTrace(tracer, guards.staffCertificateOf);
  app.use(requestLog({ metrics, log, terminalOf, trace }));
  app.use(headers);

  const { write, reject, fail } = responseWriter(log);
  app.use((request, response, next) => {
    // RFC 9112, 3.2: no request of HTTP/1.1 comes without.
    if (request.headers.host !== undefined) next();
    else reject(response, { code: 'validation_failed', errors: [{ where: 'header Host', problem: 'is missing' }] });
  });
  for (const route of routes) {
    const { call } = route;
    const carryOut = requestPipeline(route, guards);
    app[call.method](expressPath(call), async (request, response) => {
      const record = recordOf(response);
      record.route = call.path;
      const hungUp = new AbortController();
      response.once('close', () => {
        hungUp.abort();
      });
      try {
        await write(response, call, await carryOut(request, record, hungUp.signal));
      } catch (error) {
        // What ended because nobody waits any more did not fail.
        if (!(hungUp.signal.aborted && isAbort(error))) fail(response, error);
      }
    });
  }
  for (const [path, ofPath] of Map.groupBy(routes, ({ call }) => expressPath(call))) {
    const allowed = ofPath.map(({ call }) => call.method.toUpperCase());
    app.all(path, (_request, response) => {
      reject(response, { code: 'method_not_allowed', allowed });
    });
  }
  app.use(pages());
  app.use(verifierPage(bankPolicy));
  app.use((_request, response) => {
    reject(response, { code: 'not_found' });
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    if (error instanceof URIError) {
      const problem = 'must be UTF-8 in percent-encoding';
      reject(response, { code: 'validation_failed', errors: [{ where: 'path', problem }] });
    } else {
      fail(response, error);
    }
  });
  return app;
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const expressPath = ({ path, lastTakesRest }: Call): string =>
  path.replace(/\{(\w+)\}$/, lastTakesRest === true ? '*$1' : ':$1').replace(/\{(\w+)\}/g, ':$1');
