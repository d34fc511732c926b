/** A part of the bench as a table for people, with each figure's ratio to the peers. */
import type { Figure } from './benchmark.ts';
import type { Part } from './measures/part.ts';

export function table(key: string, { title, unit, figures, peers, notes }: Part): string {
  const header = ['', 'at once', `${unit}/s`, 'median', '99 %', ...peers.map((peer) => `× ${peer}`)];
  const rows = figures.map((figure) => [
    figure.name,
    String(figure.callers),
    Math.round(figure.perSecond).toLocaleString('en'),
    ms(figure.latencyMs?.median),
    ms(figure.latencyMs?.p99),
    ...peers.map((peer) => ratio(figure, best(figures, peer, figure.callers))),
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [`(${key}) ${title}`, line(header), ...rows.map(line), ...notes.map((note) => `    ${note}`)].join('\n');
}

/** The peer's figure at the same number of callers where it has one, else its best. */
function best(figures: readonly Figure[], name: string, callers: number): Figure | undefined {
  const own = figures.filter((figure) => figure.name === name);
  return own.find((figure) => figure.callers === callers) ?? own.toSorted((a, b) => b.perSecond - a.perSecond)[0];
}

function ratio(figure: Figure, peer: Figure | undefined): string {
  return peer === undefined ? '' : (figure.perSecond / peer.perSecond).toFixed(2);
}

const ms = (value: number | undefined): string =>
  value === undefined ? '' : `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
