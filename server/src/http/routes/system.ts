/** The routes for whoever runs the server: health, measurements, the OpenAPI document. */
import type { Registry } from 'prom-client';
import type { Freshness, Readiness } from '../../health.ts';
import { fresh, live, metrics, openApiDocument, ready } from '../../../../api/src/calls/system.ts';
import type { OpenApiDocument } from '../../../../api/src/openapi.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly readiness: () => Promise<Readiness>;
  readonly freshness: () => Promise<Freshness>;
  readonly registry: Registry;
  readonly document: () => OpenApiDocument;
};

export const systemRoutes = ({ readiness, freshness, registry, document }: Parts): readonly Route[] => [
  route(live, () => Promise.resolve({ body: { status: 'live' as const } })),

  route(ready, async () => {
    const found = await readiness();
    return { body: found, status: found.status === 'ready' ? 200 : 503 };
  }),

  route(fresh, async () => {
    const found = await freshness();
    return { body: found, status: found.status === 'fresh' ? 200 : 503 };
  }),

  route(metrics, async () => ({
    body: await registry.metrics(),
    headers: { 'Content-Type': registry.contentType },
  })),

  route(openApiDocument, () => Promise.resolve({ body: { ...document() } })),
];
