/** SHA-256 as Node and browsers have it; whoever has a faster one passes that. */

/** @typedef {(bytes: import('./bytes.js').Bytes) => Uint8Array | Promise<Uint8Array>} Sha256 */

/** @param {import('./bytes.js').Bytes} bytes */
export const webSha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
