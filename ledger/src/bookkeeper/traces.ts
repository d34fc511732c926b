/** What the bookkeeper's work leaves in traces: one span for each command, and one for the append that several share. */
import type { Span, Tracer } from '../tracing/tracer.ts';
import type { Batch, Waiting } from './batch.ts';
import type { Outcome, Submission } from './submission.ts';

/** A command that waits: from here to its answer is its span, where its trace is recorded. */
export function waitingCommand(
  submission: Submission,
  { answer, fail }: Pick<Waiting, 'answer' | 'fail'>,
  tracer: Tracer | undefined,
): Waiting {
  const root = tracer?.root(submission.correlationId);
  if (tracer === undefined || root === undefined) return { submission, answer, fail, sentIds: [] };
  const span = tracer.start(root, 'command', { 'grand_livre.command': submission.command.type });
  return {
    submission,
    answer(outcome) {
      span.end(attributesOf(outcome));
      answer(outcome);
    },
    fail(error) {
      span.end({ 'grand_livre.outcome': 'unknown' }, true);
      fail(error);
    },
    sentIds: [],
    span,
  };
}

function attributesOf(outcome: Outcome) {
  const result = outcome.accepted ? 'accepted' : outcome.rejection.code;
  const position = outcome.accepted ? outcome.position : outcome.declined?.position;
  return { 'grand_livre.outcome': result, ...(position !== undefined && { 'grand_livre.position': position }) };
}

/** The append of a batch, in the trace of each of its commands that is recorded. */
export function startAppend(tracer: Tracer | undefined, batch: Batch): Pick<Span, 'end'> | undefined {
  if (tracer === undefined) return undefined;
  const [first, ...others] = batch.decided.flatMap(({ waiting }) => waiting.span ?? []);
  if (first === undefined) return undefined;
  return tracer.startShared([first, ...others], 'append', {
    'grand_livre.batch.commands': batch.decided.length,
    'grand_livre.batch.events': batch.events.length,
  });
}
