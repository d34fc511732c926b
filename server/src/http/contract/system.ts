/** The calls for whoever runs the server: is it alive, is it ready, what does it measure, what does it offer. */
import { z } from 'zod';
import { defineCall } from './call.ts';
import { position } from './fields.ts';

export const live = defineCall({
  id: 'live',
  method: 'get',
  path: '/health/live',
  group: 'System',
  summary: 'Is the process alive?',
  who: 'anyone',
  answer: { status: 200, description: 'It is.', schema: z.object({ status: z.literal('live') }).meta({ id: 'Live' }) },
  refusals: [],
});

export const readiness = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    reasons: z.array(z.string()).meta({ description: 'What is wrong; empty when ready.' }),
    warnings: z.array(z.string()).meta({
      description:
        'What somebody should see to soon: a certificate that runs out, a revocation list that cannot be read.',
    }),
    head: position.meta({ description: 'The journal’s last position this server knows.' }),
    readModel: position.optional().meta({ description: 'Where the read model has got to.' }),
  })
  .meta({ id: 'Readiness' });

export const ready = defineCall({
  id: 'ready',
  method: 'get',
  path: '/health/ready',
  group: 'System',
  summary: 'Can the server do its work?',
  description: '503 with the same body when it cannot.',
  who: 'anyone',
  answer: { status: 200, description: 'It can.', schema: readiness },
  refusals: [],
});

export const metrics = defineCall({
  id: 'metrics',
  method: 'get',
  path: '/metrics',
  group: 'System',
  summary: 'Measurements in Prometheus’ text format',
  who: 'anyone',
  answer: { status: 200, description: 'The measurements.', schema: z.string(), mediaType: 'text/plain' },
  refusals: [],
});

export const openApiDocument = defineCall({
  id: 'openApiDocument',
  method: 'get',
  path: '/openapi.json',
  group: 'System',
  summary: 'This document',
  who: 'anyone',
  answer: { status: 200, description: 'An OpenAPI 3.1 document.', schema: z.record(z.string(), z.unknown()) },
  refusals: [],
});
