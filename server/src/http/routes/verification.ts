/** The routes that verify the whole bank against its journal: begin, list and follow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import { message } from '../../audit/feed.ts';
import type { Verification, VerificationInFull, Verifications } from '../../audit/verifications.ts';
import * as contract from '../../../../api/src/calls/verification.ts';
import { requestCurrency } from '../../../../api/src/fields.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = { readonly verifications: Verifications };

const progressIntervalMs = 500;

export const verificationRoutes = ({ verifications }: Parts): readonly Route[] => [
  route(contract.beginVerification, async ({ caller }) => {
    const id = await verifications.begin(caller.username);
    return id === undefined ? { code: 'unavailable', retryAfterSeconds: 5 } : { body: { id } };
  }),

  route(contract.listVerifications, async () => ({
    body: { verifications: (await verifications.latest(50)).map(viewVerification) },
  })),

  route(contract.readVerification, async ({ params: { id } }) => {
    const found = await verifications.find(id);
    return found === undefined ? { code: 'not_found' } : { body: viewInFull(found) };
  }),

  route(contract.followVerification, async ({ params: { id } }) => {
    if ((await verifications.find(id)) === undefined) return { code: 'not_found' };
    return { pieces: toItsEnd(verifications, id) };
  }),
];

const viewVerification = ({ total, ...rest }: Verification) => ({
  ...rest,
  ...(total !== undefined && { total: formatAmount(total, requestCurrency) }),
});

const viewInFull = ({ differences, ...rest }: VerificationInFull) => ({
  ...viewVerification(rest),
  ...(differences !== undefined && { differences: [...differences] }),
});

async function* toItsEnd(verifications: Verifications, id: number): AsyncGenerator<string> {
  for (;;) {
    const found = await verifications.find(id);
    if (found === undefined) return;
    yield message('progress', viewInFull(found));
    if (found.state !== 'running') return;
    await sleep(progressIntervalMs);
  }
}
