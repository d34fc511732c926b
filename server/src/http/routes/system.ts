/** The routes for whoever runs the server: health, measurements, the OpenAPI document. */
import type { Registry } from 'prom-client';
import type { Readiness } from '../../readiness.ts';
import { live, metrics, openApiDocument, ready } from '../../../../api/src/calls/system.ts';
import type { OpenApiDocument } from '../../../../api/src/openapi.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly readiness: () => Promise<Readiness>;
  readonly registry: Registry;
  readonly document: () => OpenApiDocument;
};

export const systemRoutes = ({ readiness, registry, document }: Parts): readonly Route[] => [
  route(live, () => Promise.resolve({ body: { status: 'live' as const } })),

  route(ready, async () => {
    const found = await readiness();
    return { body: found, status: found.status === 'ready' ? 200 : 503 };
  }),

  route(metrics, async () => ({
    body: await registry.metrics(),
    headers: { 'Content-Type': registry.contentType },
  })),

  route(openApiDocument, () => Promise.resolve({ body: { ...document() } })),
];
