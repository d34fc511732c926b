/** A collector of OpenTelemetry's traces for tests: keeps every byte it receives, and may never answer. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type CollectedSpan = {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly hasFailed: boolean;
};

export type Collector = {
  readonly url: string;
  /** How many connections it has taken. */
  readonly connections: () => number;
  /** All that came: heads and bodies. */
  readonly received: () => string;
  readonly spans: () => readonly CollectedSpan[];
  readonly close: () => Promise<void>;
};

export async function startCollector({ answers }: { readonly answers: boolean }): Promise<Collector> {
  const bodies: string[] = [];
  const heads: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    heads.push(`${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(request.rawHeaders)}`);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.once('end', () => {
      bodies.push(Buffer.concat(pieces).toString('latin1'));
      if (answers) response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    connections: () => connections,
    received: () => [...heads, ...bodies].join('\n'),
    spans: () => bodies.flatMap(spansIn),
    close: () => end(server),
  };
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
type SentSpan = Omit<CollectedSpan, 'service' | 'attributes' | 'links' | 'hasFailed'> & {
  readonly attributes: readonly Attribute[];
  readonly links?: CollectedSpan['links'];
  readonly status?: { readonly code?: number };
};
type Sent = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
};

/** https://opentelemetry.io/docs/specs/otlp/, in JSON. */
function spansIn(body: string): readonly CollectedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Sent;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ attributes, links = [], status, ...span }) => ({
        ...span,
        service: valuesOf(resource.attributes)['service.name'] ?? '',
        attributes: valuesOf(attributes),
        links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
        hasFailed: status?.code === 2,
      })),
  );
}

const valuesOf = (attributes: readonly Attribute[]): Readonly<Record<string, string>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));
