/** Traces by OpenTelemetry: its SDK, set up by its own variables (`OTEL_*`) alone, beside the bank's work and never in its way. */
import type { DiagLogger, SpanContext } from '@opentelemetry/api';
import { diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { core, NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';
import type { Logger } from 'pino';
import { within } from '../bounded-wait.ts';
import { rootOf } from './trace-ids.ts';
import type { Attributes, Place, Span, Tracer } from './tracer.ts';

type Options = {
  /** Which the SDK reads itself. */
  readonly env: NodeJS.ProcessEnv;
  readonly process: string;
  readonly version: string;
  readonly log: Pick<Logger, 'warn'>;
};

/** What a stop may wait for a collector: a judgement, well within what a process has for its end. */
const stopWithinMs = 2_000;
/** As many as OpenTelemetry keeps of one span unless told otherwise. */
const mostLinks = 128;
/** A collector that is away is said once a minute. */
const sayAgainMs = 60_000;

export function openTelemetryTracer({ env, process: name, version, log }: Options): Tracer {
  // With this variable the SDK says on the console what it meets; without, the log has that it met something.
  if ((env['OTEL_LOG_LEVEL'] ?? '') === '') diag.setLogger(troubleIn(log), DiagLogLevel.WARN);
  const random = new tracing.RandomIdGenerator();
  /** Of the trace whose first span is being started just now. */
  let root: Place | undefined;
  const sdk = new NodeSDK({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': `grand-livre-${name}`, 'service.version': version })),
    // The others would send the command line, the user's and the machine's names.
    resourceDetectors: [resources.envDetector],
    idGenerator: {
      generateTraceId: () => root?.traceId ?? random.generateTraceId(),
      generateSpanId: () => root?.spanId ?? random.generateSpanId(),
    },
    textMapPropagator: null,
    // Traces alone: /metrics and the log are there already.
    ...{ metricReaders: [], logRecordProcessors: [], instrumentations: [] },
  });
  sdk.start();
  const tracer = trace.getTracer('grand-livre', version);

  function start(parent: Place, name: string, attributes: Attributes = {}, to: readonly Place[] = []): Span {
    const links = to.slice(0, mostLinks).map((place) => ({ context: contextOf(place) }));
    const span = tracer.startSpan(name, { attributes, links }, trace.setSpanContext(ROOT_CONTEXT, contextOf(parent)));
    const { traceId, spanId } = span.spanContext();
    let hasEnded = false;
    return {
      ...{ traceId, spanId },
      end(more = {}, hasFailed = false) {
        if (hasEnded) return;
        hasEnded = true;
        span.setAttributes(more);
        if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  /** The sampler decides by the trace id: about a first span the same in every process that is set up alike. */
  function startRoot(correlationId: string, name: string, options: Parameters<typeof tracer.startSpan>[1]) {
    root = rootOf(correlationId);
    if (root === undefined) return undefined;
    try {
      const span = tracer.startSpan(name, options, ROOT_CONTEXT);
      return span.isRecording() ? span : undefined;
    } finally {
      root = undefined;
    }
  }

  return {
    recordRequest({ correlationId, name, arrivedAtMs, durationMs, attributes, hasFailed, traceparent }) {
      const caller = traceparent === undefined ? null : core.parseTraceParent(traceparent);
      const links = caller === null ? [] : [{ context: { ...caller, isRemote: true } }];
      const options = { kind: SpanKind.SERVER, startTime: arrivedAtMs, attributes, links };
      const span = startRoot(correlationId, name, options);
      if (hasFailed) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end(arrivedAtMs + durationMs);
    },
    root(correlationId) {
      // Started to learn whether it is recorded, and left alone: only what ends is sent.
      const { traceId, spanId } = startRoot(correlationId, 'root', {})?.spanContext() ?? {};
      return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
    },
    start,
    startShared(parents, name, attributes) {
      const [first, ...others] = oneEachTrace(parents);
      const shared = start(first, name, attributes, parents);
      const spans = [shared, ...others.map((parent) => start(parent, name, attributes, [shared]))];
      return {
        end(more, hasFailed) {
          for (const span of spans) span.end(more, hasFailed);
        },
      };
    },
    async stop() {
      await within(sdk.shutdown(), stopWithinMs).catch(() => undefined);
    },
  };
}

const contextOf = ({ traceId, spanId }: Place): SpanContext => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED });

/** The first of each trace. */
function oneEachTrace(places: readonly [Place, ...Place[]]): [Place, ...Place[]] {
  const [first, ...others] = places;
  const seen = new Set([first.traceId]);
  const isNew = ({ traceId }: Place): boolean => seen.size !== seen.add(traceId).size;
  return [first, ...others.filter(isNew)];
}

/** Says that something is wrong, not what: the SDK repeats addresses and headers, which may hold a collector's password. */
function troubleIn(log: Pick<Logger, 'warn'>): DiagLogger {
  let saidAtMs = -Infinity;
  const say = (message: string): void => {
    if (performance.now() - saidAtMs < sayAgainMs) return;
    saidAtMs = performance.now();
    const code = /"code":"([A-Z_]{1,40})"/.exec(message)?.[1];
    log.warn({ ...(code && { code }) }, 'traces are incomplete: OTEL_LOG_LEVEL=warn shows what OpenTelemetry says');
  };
  const nothing = (): void => undefined;
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}
