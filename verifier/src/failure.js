/** What a check answers when something is not proven: a value of a closed union, with a sentence for whoever reads it. */

/**
 * `unreadable`: not of the form that it should have, so that nothing can be said about it. All others: it was read, and is
 * not proven.
 * @typedef {'unreadable' | 'other_log' | 'unsigned' | 'bad_signature' | 'too_few_witnesses' | 'not_included'
 *   | 'not_consistent' | 'other_entry' | 'incomplete' | 'wrong_sums'} FailureCode
 */

export class Failure {
  /**
   * @param {FailureCode} code
   * @param {string} detail
   */
  constructor(code, detail) {
    this.code = code;
    this.detail = detail;
  }

  /** Whether nothing was disproven: what was given could not be read. */
  get isUnreadable() {
    return this.code === 'unreadable';
  }
}

/** @param {string} detail */
export const unreadable = (detail) => new Failure('unreadable', detail);
