/** Which trace a correlation id has, and when traces are on. */
import { expect, test } from 'vitest';
import { isTracingOn } from '../src/tracing/open-tracer.ts';
import { rootOf } from '../src/tracing/trace-ids.ts';

test('a correlation id is its trace’s id, and its second half the first span’s', () => {
  expect(rootOf('f47ac10b-58cc-4372-a567-0e02b2c3d479')).toEqual({
    traceId: 'f47ac10b58cc4372a5670e02b2c3d479',
    spanId: 'a5670e02b2c3d479',
  });
});

test.each([
  '',
  'import:operations.csv:7',
  'F47AC10B-58CC-4372-A567-0E02B2C3D479',
  '00000000-0000-0000-0000-000000000000',
])('%o has no trace', (correlationId) => {
  expect(rootOf(correlationId)).toBeUndefined();
});

test.each([
  [{}, false],
  [{ OTEL_SERVICE_NAME: 'bank', OTEL_TRACES_SAMPLER: 'always_on' }, false],
  [{ OTEL_TRACES_EXPORTER: '' }, false],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
  [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_TRACES_EXPORTER: 'console' }, false],
  [{ OTEL_SDK_DISABLED: 'false', OTEL_TRACES_EXPORTER: 'console' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
])('%o', (env, isOn) => {
  expect(isTracingOn(env)).toBe(isOn);
});
