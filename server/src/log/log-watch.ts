/** Watches the transparency log: what is signed and cosigned of it, and for how long events have waited for that. */
import { projectorWatch } from '../projector-watch.ts';

/** What the database says of the log, as far as it is watched. */
export type WatchedLog = {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly signedAt: Date | null;
  readonly cosigned: Reached | undefined;
  readonly stopped: string | null;
};

export type LogWatch = {
  /** Takes in what is published by now; undefined until a signer has worked on this database. */
  observe(now: { readonly atMs: number; readonly head: number; readonly log: WatchedLog | undefined }): void;
  /** Undefined until a signer has worked on this database. */
  state(nowMs: number): LogState | undefined;
  /** The log's key as the database has it; undefined until a signer has worked on this database. */
  vkey(): string | undefined;
};

export type LogState = {
  readonly origin: string;
  /** The last checkpoint that was signed; null while none was. */
  readonly signed: Reached | null;
  /** The last one that enough witnesses cosigned; null while none was. */
  readonly cosigned: Reached | null;
  /** Why the signer signs nothing any more. */
  readonly stopped: string | null;
  /** For how long there have been events that no signed, and no cosigned, checkpoint includes. */
  readonly unsignedSeconds: number;
  readonly uncosignedSeconds: number;
  /** What is wrong, if anything is. */
  readonly trouble: 'stopped' | 'not_signed' | 'not_cosigned' | null;
};

type Reached = { readonly size: number; readonly at: Date };

/** The signer signs once a second, and a witness that failed is asked again within a minute. Judgements, as in the alarms. */
const mostUnsignedSeconds = 60;
const mostUncosignedSeconds = 300;

export function logWatch(): LogWatch {
  const [signing, cosigning] = [projectorWatch(), projectorWatch()];
  let last: WatchedLog | undefined;
  return {
    observe({ atMs, head, log }) {
      last = log;
      if (log === undefined) return;
      signing.observe({ atMs, head, position: log.size });
      cosigning.observe({ atMs, head, position: log.cosigned?.size ?? head });
    },
    vkey: () => last?.vkey,
    state(nowMs) {
      if (last === undefined) return undefined;
      const { origin, size, signedAt, cosigned, stopped } = last;
      const [unsignedSeconds, uncosignedSeconds] = [signing.lagSeconds(nowMs), cosigning.lagSeconds(nowMs)];
      return {
        ...{ origin, stopped, unsignedSeconds, uncosignedSeconds },
        signed: signedAt === null ? null : { size, at: signedAt },
        cosigned: cosigned === undefined ? null : { size: cosigned.size, at: cosigned.at },
        trouble:
          stopped !== null
            ? 'stopped'
            : unsignedSeconds > mostUnsignedSeconds
              ? 'not_signed'
              : uncosignedSeconds > mostUncosignedSeconds
                ? 'not_cosigned'
                : null,
      };
    },
  };
}
