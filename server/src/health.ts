/** The two questions of a server's health: whether commands are taken, and whether reads are fresh; neither waits for the other. */
import { late, within } from '../../ledger/src/bounded-wait.ts';
import type { z } from 'zod/mini';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import type { UnreadableReason } from '../../ledger/src/domain/unreadable-event.ts';
import { unreadableReasons } from '../../ledger/src/domain/unreadable-event.ts';
import type { Progress } from '../../projections/src/queries/progress.ts';
import { progress } from '../../projections/src/queries/progress.ts';
import type { BankClock } from './bank-clock.ts';
import type { Certificates } from './certificates.ts';
import type { Pools } from './connections.ts';
import type { freshness, readiness } from '../../api/src/calls/system.ts';
import type { Guards } from './http/pipeline.ts';
import type { LogState } from './log/log-watch.ts';
import type { ProjectorWatch } from './projector-watch.ts';

export type Readiness = z.output<typeof readiness>;
export type Freshness = z.output<typeof freshness>;
type Warning = Readiness['warnings'][number];

export type Health = {
  readonly readiness: () => Promise<Readiness>;
  readonly freshness: () => Promise<Freshness>;
};

/** Less than the 5 s HAProxy waits for a check (`timeout check` in `operations/src/compose/haproxy.cfg`). */
const answerWithinMs = 2_000;
/** As the contract says. Chosen, not measured. */
const mostLagSeconds = 10;

type Parts = {
  readonly pools: Pick<Pools, 'health' | 'reads'>;
  readonly bookkeeper: Pick<Bookkeeper, 'head' | 'isCutOff' | 'unreadable' | 'lacksKeys' | 'lastRecordedAt'>;
  readonly clock: Pick<BankClock, 'warnings'>;
  readonly projector: ProjectorWatch;
  readonly transparencyLog: () => LogState | undefined;
  readonly certificates: Pick<Certificates, 'warnings'>;
} & Pick<Guards, 'terminals'>;

const demoTerminals: Warning = {
  code: 'demo_terminals',
  detail: 'TERMINALS=demo: anybody who reaches this port can deposit and withdraw cash that nobody counted.',
};

const keysMissing: Warning = {
  code: 'keys_missing',
  detail: 'The read model lacks keys of earlier commands: run `npm run rebuild`.',
};

/** Whoever asks may be anybody: why the signer stopped is said in its log, and to auditors. */
const logTroubles: Readonly<Record<NonNullable<LogState['trouble']>, (log: LogState) => string>> = {
  stopped: ({ signed }) => `The signer has stopped after ${String(signed?.size ?? 0)} events. Its log says why.`,
  not_signed: ({ unsignedSeconds }) =>
    `Events of ${String(Math.round(unsignedSeconds))} seconds are not signed. Does the signer run?`,
  not_cosigned: ({ uncosignedSeconds }) =>
    `Events of ${String(Math.round(uncosignedSeconds))} seconds are cosigned by too few witnesses. The signer’s log says which did not.`,
};

function logBehind(log: LogState | undefined): readonly Warning[] {
  if (log === undefined || log.trouble === null) return [];
  return [{ code: 'log_behind', detail: logTroubles[log.trouble](log) }];
}

const damage = ({ position, reason }: { readonly position: number; readonly reason: UnreadableReason }): string =>
  `the journal at position ${String(position)} ${unreadableReasons[reason]}`;

const noAnswer = 'The database does not answer.';
const noReadModel = 'The read model cannot be read.';

/** Undefined: no answer in time, or a failure. */
async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  const given = await within(answer, answerWithinMs).catch(() => undefined);
  return given === late ? undefined : given;
}

export function healthOf({
  pools,
  bookkeeper,
  clock,
  projector,
  transparencyLog,
  certificates,
  terminals,
}: Parts): Health {
  const askReadModel = (): Promise<Progress | undefined> => inTime(progress(pools.reads));
  /** Why reads are not fresh, once the database has answered. */
  function behind({ halted, unreadable }: Progress): { readonly lagSeconds: number; readonly reasons: string[] } {
    const lagSeconds = projector.lagSeconds(performance.now());
    const reasons: string[] = [];
    if (halted !== undefined) {
      // Whoever asks may be anybody: where it stopped is said, the accounts and balances in its reason are not.
      const where = /after position \d+|position \d+/.exec(halted)?.[0] ?? 'its log says where';
      reasons.push(`The projector has stopped (${where}): the journal does not fit the read model. Its log says why.`);
    }
    if (unreadable !== undefined) reasons.push(`The projector waits: ${damage(unreadable)}.`);
    if (lagSeconds > mostLagSeconds) {
      const lag = String(Math.round(lagSeconds));
      reasons.push(`The read model is ${lag} seconds behind the journal. Does the projector run?`);
    }
    return { lagSeconds, reasons };
  }

  return {
    async readiness() {
      // The read model may be locked, by a rebuild for one, while the database is well.
      const [answers, found] = await Promise.all([inTime(pools.health.query('select')), askReadModel()]);
      const reasons: string[] = [];
      if (answers === undefined) reasons.push(noAnswer);
      if (bookkeeper.unreadable !== undefined) reasons.push(`No command is taken: ${damage(bookkeeper.unreadable)}.`);
      if (bookkeeper.isCutOff) reasons.push('The journal cannot be reached.');
      const stale = found === undefined ? [noReadModel] : behind(found).reasons;
      return {
        status: reasons.length === 0 ? 'ready' : 'not_ready',
        reasons,
        warnings: [
          ...(terminals === 'demo' ? [demoTerminals] : []),
          ...certificates.warnings(Date.now()),
          ...clock.warnings(bookkeeper.lastRecordedAt).map((detail) => ({ code: 'clock' as const, detail })),
          ...(bookkeeper.lacksKeys ? [keysMissing] : []),
          ...logBehind(transparencyLog()),
          ...stale.map((detail) => ({ code: 'read_model_behind' as const, detail })),
        ],
        head: bookkeeper.head,
        ...(found !== undefined && { readModel: found.position }),
      };
    },

    async freshness() {
      const found = await askReadModel();
      const { lagSeconds, reasons } =
        found === undefined
          ? { lagSeconds: projector.lagSeconds(performance.now()), reasons: [noReadModel] }
          : behind(found);
      return {
        status: reasons.length === 0 ? 'fresh' : 'stale',
        reasons,
        lagSeconds,
        head: bookkeeper.head,
        ...(found !== undefined && { readModel: found.position }),
      };
    },
  };
}
