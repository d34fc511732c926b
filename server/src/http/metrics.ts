/** What the server measures, in Prometheus' terms; no label ever holds an account or a name. */
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { LogState } from '../log/log-watch.ts';

export type Metrics = {
  readonly registry: Registry;
  readonly observeRequest: (
    labels: { readonly method: string; readonly route: string; readonly status: number },
    ms: number,
  ) => void;
  readonly observeBatch: (batch: { readonly events: number; readonly commands: number }) => void;
};

/** What is asked for whenever the measurements are read. */
export type Gauges = {
  readonly queueLength: () => number;
  readonly threadsWaiting: () => number;
  readonly head: () => number;
  readonly accounts: () => number;
  readonly projectorPosition: () => number;
  readonly readModelLagSeconds: () => number;
  /** Undefined until a signer has worked on this database. */
  readonly transparencyLog: () => LogState | undefined;
  readonly isReady: () => Promise<boolean>;
  readonly isFresh: () => Promise<boolean>;
  /** Milliseconds since 1970. */
  readonly certificateExpiry: () => { readonly server: number; readonly authority: number };
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its response.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers: [registry],
  });
  const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  const commands = new Histogram({
    name: 'bookkeeper_batch_commands',
    help: 'Commands settled by one append.',
    buckets: sizes,
    registers: [registry],
  });
  const events = new Histogram({
    name: 'bookkeeper_batch_events',
    help: 'Events written by one append.',
    buckets: sizes,
    registers: [registry],
  });
  return {
    registry,
    observeRequest(labels, ms) {
      requests.observe(labels, ms / 1000);
    },
    observeBatch(batch) {
      commands.observe(batch.commands);
      events.observe(batch.events);
    },
  };
}

export function watchGauges({ registry }: Metrics, gauges: Gauges): void {
  const gauge = (name: string, help: string, read: () => number | Promise<boolean>): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(Number(await read()));
      },
    });
  };
  gauge('bookkeeper_queue_length', 'Commands that wait to be decided.', gauges.queueLength);
  gauge('threads_waiting', 'Statements and folds that wait for a thread.', gauges.threadsWaiting);
  gauge('bookkeeper_head', 'The last journal position this server knows.', gauges.head);
  gauge('bookkeeper_accounts', 'Accounts in the book.', gauges.accounts);
  gauge('projector_position', 'The last journal position the read model includes.', gauges.projectorPosition);
  gauge(
    'read_model_lag_seconds',
    'For how long the read model has been behind the journal, in seconds: the age of the oldest event it lacks.',
    gauges.readModelLagSeconds,
  );
  const ofLog = (read: (log: LogState) => number) => () => {
    const log = gauges.transparencyLog();
    return log === undefined ? 0 : read(log);
  };
  const secondsOf = (reached: LogState['signed']): number => (reached?.at.getTime() ?? 0) / 1000;
  gauge(
    'log_signed_size',
    'How many events the last signed checkpoint of the transparency log includes.',
    ofLog(({ signed }) => signed?.size ?? 0),
  );
  gauge(
    'log_signed_timestamp_seconds',
    'When it was signed, in seconds since 1970; 0 while none was.',
    ofLog(({ signed }) => secondsOf(signed)),
  );
  gauge(
    'log_cosigned_size',
    'How many events the last checkpoint includes that enough witnesses cosigned.',
    ofLog(({ cosigned }) => cosigned?.size ?? 0),
  );
  gauge(
    'log_cosigned_timestamp_seconds',
    'When it was cosigned, in seconds since 1970; 0 while none was.',
    ofLog(({ cosigned }) => secondsOf(cosigned)),
  );
  gauge(
    'log_unsigned_seconds',
    'For how long there have been events that no signed checkpoint includes.',
    ofLog(({ unsignedSeconds }) => unsignedSeconds),
  );
  gauge(
    'log_uncosigned_seconds',
    'For how long there have been events that no cosigned checkpoint includes; 0 while no witness ever cosigned.',
    ofLog(({ uncosignedSeconds }) => uncosignedSeconds),
  );
  gauge(
    'log_stopped',
    '1 when the signer has stopped, because what it signed does not fit the journal or its key is another, else 0.',
    ofLog(({ stopped }) => (stopped === null ? 0 : 1)),
  );
  gauge('ready', '1 when this server takes commands (GET /health/ready), else 0.', gauges.isReady);
  gauge('fresh', '1 when reads are within 10 seconds of the journal (GET /health/fresh), else 0.', gauges.isFresh);
  new Gauge({
    name: 'certificate_expiry_timestamp_seconds',
    help: 'When a certificate runs out, in seconds since 1970.',
    labelNames: ['certificate'] as const,
    registers: [registry],
    collect() {
      for (const [certificate, ms] of Object.entries(gauges.certificateExpiry())) this.set({ certificate }, ms / 1000);
    },
  });
}
