/** What is wrong with the files of an import, gathered so that one run tells as much of it as anybody reads. */
import { Failure } from '../../ledger/src/failure.ts';

export type Problem = {
  readonly file: string;
  /** Absent when the whole file is meant. */
  readonly line?: number;
  readonly reason: string;
  readonly whatToDo: string;
};

const mostShown = 20;

const sentence = ({ file, line, reason, whatToDo }: Problem): string =>
  `${file}${line === undefined ? '' : `, line ${String(line)}`}: ${reason}. ${whatToDo}.`;

/** Holds the first problems and counts the others: a file of a million bad rows stays a short list. */
export class Problems {
  readonly #shown: Problem[] = [];
  #count = 0;

  add(problem: Problem): void {
    this.#count += 1;
    if (this.#shown.length < mostShown) this.#shown.push(problem);
  }

  /** Throws a `Failure` with all of them when there are any. */
  throwIfAny(): void {
    if (this.#count === 0) return;
    const lines = this.#shown.map(sentence);
    if (this.#count > mostShown) lines.push(`… and ${String(this.#count - mostShown)} more.`);
    throw new Failure([...lines, 'Nothing was imported.'].join('\n'));
  }
}
