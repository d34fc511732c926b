/** How far a long work has come, for whoever shows it. */

export type Progress = {
  /** What is being done, such as 'checking'. */
  readonly phase: string;
  readonly done: number;
  /** Absent while nobody knows. */
  readonly total?: number;
};

export type OnProgress = (progress: Progress) => void;
