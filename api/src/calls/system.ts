/** The calls for whoever runs the server: liveness, readiness, freshness, measurements and the OpenAPI document. */
import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { position } from '../fields.ts';

export const live = defineCall({
  id: 'live',
  method: 'get',
  path: '/health/live',
  group: 'System',
  summary: 'Is the process alive?',
  who: 'anyone',
  answer: {
    status: 200,
    description: 'It is.',
    schema: z.object({ status: z.enum(['live']) }).register(z.globalRegistry, { id: 'Live' }),
  },
  rejections: [],
});

export const readiness = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    reasons: z.array(z.string()).check(z.describe('Why no commands are taken; empty when ready.')),
    warnings: z
      .array(
        z.object({
          code: z.enum([
            'demo_terminals',
            'certificate_expires',
            'certificates_unusable',
            'revocation_list_missing',
            'clock',
            'keys_missing',
            'read_model_behind',
            'log_behind',
          ]),
          detail: z.string().check(z.describe('One sentence for whoever runs the bank.')),
        }),
      )
      .check(z.describe('What somebody should see to; the server does its work nevertheless.')),
    head: position.check(z.describe('The journal’s last position this server knows.')),
    readModel: z.optional(position).check(z.describe('The last position the read model includes.')),
  })
  .register(z.globalRegistry, { id: 'Readiness' });

export const ready = defineCall({
  id: 'ready',
  method: 'get',
  path: '/health/ready',
  group: 'System',
  summary: 'Does the server take commands?',
  description:
    'What a balancer asks. How far the read model is behind never makes it 503: that is a warning here, and `/health/fresh`.',
  who: 'anyone',
  answer: {
    status: 200,
    description: 'It does.',
    schema: readiness,
    otherwise: { status: 503, description: 'It does not: `reasons` say why.' },
  },
  rejections: [],
});

export const freshness = z
  .object({
    status: z.enum(['fresh', 'stale']),
    reasons: z.array(z.string()).check(z.describe('Why reads are not fresh; empty when they are.')),
    lagSeconds: z.number().check(z.describe('For how long the read model has been behind the journal.')),
    head: position.check(z.describe('The journal’s last position this server knows.')),
    readModel: z.optional(position).check(z.describe('The last position the read model includes.')),
  })
  .register(z.globalRegistry, { id: 'Freshness' });

export const fresh = defineCall({
  id: 'fresh',
  method: 'get',
  path: '/health/fresh',
  group: 'System',
  summary: 'Are reads within 10 seconds of the journal?',
  who: 'anyone',
  answer: {
    status: 200,
    description: 'They are.',
    schema: freshness,
    otherwise: { status: 503, description: 'They are not: `reasons` say why. Commands may still be taken.' },
  },
  rejections: [],
});

export const metrics = defineCall({
  id: 'metrics',
  method: 'get',
  path: '/metrics',
  group: 'System',
  summary: 'Measurements in Prometheus’ text format',
  who: 'anyone',
  answer: { status: 200, description: 'The measurements.', schema: z.string(), mediaType: 'text/plain' },
  rejections: [],
});

export const openApiDocument = defineCall({
  id: 'openApiDocument',
  method: 'get',
  path: '/openapi.json',
  group: 'System',
  summary: 'This document',
  who: 'anyone',
  answer: { status: 200, description: 'An OpenAPI 3.1 document.', schema: z.record(z.string(), z.unknown()) },
  rejections: [],
});
