/** Whether traces are on, by OpenTelemetry's own variables; while they are off nothing of its SDK is imported. */
import type { Logger } from 'pino';
import type { ProcessName } from '../log.ts';
import { bankVersion } from '../version.ts';
import type { Tracer } from './tracer.ts';

/** On where somebody named an exporter or a collector; all the rest the SDK reads itself. */
export function isTracingOn(env: NodeJS.ProcessEnv): boolean {
  const given = (name: string): string => env[name]?.trim() ?? '';
  if (given('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
  const exporter = given('OTEL_TRACES_EXPORTER');
  if (exporter !== '') return exporter !== 'none';
  return given('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '';
}

/** Undefined while traces are off, and where they could not be begun: the bank does without. */
export async function openTracer(
  env: NodeJS.ProcessEnv,
  process: ProcessName,
  log: Pick<Logger, 'info' | 'warn'>,
): Promise<Tracer | undefined> {
  if (!isTracingOn(env)) return undefined;
  try {
    const { openTelemetryTracer } = await import('./open-telemetry.ts');
    const tracer = openTelemetryTracer({ env, process, version: bankVersion(), log });
    log.info('traces are on');
    return tracer;
  } catch (error) {
    log.warn({ err: error }, 'traces could not be begun: the process goes on without them');
    return undefined;
  }
}
