/** How a call of a journal is told that nobody waits for its answer any more. */

/** Where `signal` aborts, the call is given up and its connection closed; what it was to write may be written all the same. */
export type GivenUp = { readonly signal?: AbortSignal | undefined };
