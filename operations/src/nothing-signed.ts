/** What a command that needs the signed log says where there is none yet. */
export const nothingSigned =
  'There is no checkpoint yet: start the bank, whose signer signs the first one within seconds.';
