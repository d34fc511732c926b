/** The route of the live feed. */
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import { feed, feedPointOf, feedStart } from '../../audit/feed.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import { followFeed } from '../../../../api/src/calls/feed.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { viewEvent } from '../view.ts';

type Parts = { readonly journal: Journal; readonly security: SecurityLog };

export const feedRoutes = (sources: Parts): readonly Route[] => [
  route(followFeed, async ({ query: { after }, lastEventId }) => {
    if (lastEventId === undefined) return { pieces: feed(sources, await feedStart(sources, after), viewEvent) };
    const point = feedPointOf(lastEventId);
    if (point !== undefined) return { pieces: feed(sources, point, viewEvent) };
    const problem = 'must be the id of an event of this feed, such as "9071-12"';
    return { code: 'validation_failed', errors: [{ where: 'header Last-Event-ID', problem }] };
  }),
];
