/** The route that takes up to a thousand transfers at once. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import { transferBatch } from '../contract/batch.ts';
import { requestCurrency } from '../contract/fields.ts';
import { commandIds, requestHash } from '../idempotency.ts';
import type { Route } from '../serve.ts';
import { route } from '../serve.ts';
import { toMinor } from '../view.ts';
import { submit } from '../waiting.ts';

type Parts = { readonly bookkeeper: Bookkeeper; readonly requestKey: KeyObject };

export const batchRoutes = ({ bookkeeper, requestKey }: Parts): readonly Route[] => [
  route(transferBatch, async ({ body, caller: { username }, key, terminal, correlationId }) => {
    const outcomes = await Promise.all(
      body.transfers.map(({ id, from, to, amount, reference }) =>
        submit(bookkeeper, {
          command: {
            type: 'Transfer',
            from,
            to,
            amount: toMinor(amount),
            currency: requestCurrency,
            ...(reference !== undefined && { reference }),
          },
          commandId: commandIds.ofBatch(username, key, id),
          requestHash: requestHash(requestKey, transferBatch, { from, to, amount, reference: reference ?? null }),
          actor: `staff:${username}`,
          terminal,
          correlationId,
        }),
      ),
    );
    // Part of it may be done: sent again, what was done is answered again and the rest is tried once more.
    const unsettled = outcomes.find(
      (outcome) => 'code' in outcome && (outcome.code === 'overloaded' || outcome.code === 'unavailable'),
    );
    if (unsettled !== undefined && 'code' in unsettled) return unsettled;
    const positions = outcomes.map((outcome) => ('code' in outcome ? 0 : outcome.position));
    return {
      body: {
        results: body.transfers.map(({ id }, index) => {
          const outcome = outcomes[index];
          return outcome !== undefined && 'code' in outcome
            ? { id, status: 'rejected' as const, code: outcome.code }
            : { id, status: 'accepted' as const };
        }),
        position: Math.max(...positions) || bookkeeper.head,
      },
    };
  }),
];
