/** The port for traces: what a command did on its way through the bank's processes, and how long each part took. */

/** Never an account, a name, an amount, a key or anything else that somebody sent. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Where in a recorded trace something belongs; a span is one, too. */
export type Place = { readonly traceId: string; readonly spanId: string };

/** Work under way. */
export type Span = Place & {
  /** The first call counts. */
  readonly end: (attributes?: Attributes, hasFailed?: boolean) => void;
};

/** A request, once its response has ended: the first span of its trace. */
export type RequestSpan = {
  readonly correlationId: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly arrivedAtMs: number;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly hasFailed: boolean;
  /** The header `traceparent`, from a client whose certificate the bank issued. */
  readonly traceparent: string | undefined;
};

/** Every trace follows from a correlation id, the same in every process, so that an event in the journal leads to its trace. */
export interface Tracer {
  recordRequest(request: RequestSpan): void;
  /** The first place of the correlation id's trace; undefined where that trace is not recorded. */
  root(correlationId: string): Place | undefined;
  start(parent: Place, name: string, attributes?: Attributes): Span;
  /**
   * Work that is done once for several, at least one: a span in each one's trace. The first span has links to all the
   * parents, the others a link to the first.
   */
  startShared(parents: readonly [Place, ...Place[]], name: string, attributes?: Attributes): Pick<Span, 'end'>;
  /** Sends what is left, within two seconds. */
  stop(): Promise<void>;
}
