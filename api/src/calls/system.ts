/** The calls for whoever runs the server: liveness, readiness, measurements and the OpenAPI document. */
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
    reasons: z.array(z.string()).check(z.describe('What is wrong; empty when ready.')),
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
  summary: 'Can the server do its work?',
  who: 'anyone',
  answer: {
    status: 200,
    description: 'It can.',
    schema: readiness,
    otherwise: { status: 503, description: 'It cannot: `reasons` say why.' },
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
