/** Shows how far a long work has come: a bar on a terminal, a plain line now and then elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import type { OnProgress, Progress } from '../../ledger/src/progress.ts';

const lineEveryMs = 2_000;

export type ProgressDisplay = {
  readonly show: OnProgress;
  /** Takes the bar away; call it before anything else is written. */
  readonly end: () => void;
};

export function progressDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  return output.isTTY ? bars(output) : lines(output);
}

function bars(output: NodeJS.WriteStream): ProgressDisplay {
  let bar: SingleBar | undefined;
  let phase: Progress['phase'] | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show(progress) {
      if (progress.phase !== phase) {
        end();
        phase = progress.phase;
        const known = '{phase} [{bar}] {value}/{total} | {eta_formatted} to go';
        const format = progress.total === undefined ? '{phase}: {value} rows' : known;
        bar = new SingleBar({ format, stream: output, hideCursor: true }, Presets.shades_classic);
        bar.start(progress.total ?? 0, 0, { phase: title(progress) });
      }
      bar?.update(progress.done);
    },
    end,
  };
}

function lines(output: NodeJS.WriteStream): ProgressDisplay {
  let nextAt = performance.now() + lineEveryMs;
  return {
    show(progress) {
      const now = performance.now();
      if (now < nextAt) return;
      nextAt = now + lineEveryMs;
      const of = progress.total === undefined ? '' : ` of ${withCommas(progress.total)}`;
      output.write(`${title(progress)}: ${withCommas(progress.done)}${of}\n`);
    },
    end: () => undefined,
  };
}

const title = ({ phase }: Progress): string => phase.charAt(0).toUpperCase() + phase.slice(1);

const withCommas = (count: number): string => count.toLocaleString('en');
