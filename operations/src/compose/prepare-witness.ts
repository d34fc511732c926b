/** Compose's own witness: its key and the log's are made once, and each side is told of the other. */
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { readWitnessKey } from '../witness/witness.ts';

/** As docker-compose.yml names it and reaches it. */
const name = 'grand-livre/witness';
const url = 'http://witness:5010';

type Volumes = {
  /** The log's key, made in the signer's folder. */
  readonly log: VerifierKey;
  /** The signer's `STATE_DIR`. */
  readonly signerDir: string;
  /** The witness's `WITNESS_DIR`. */
  readonly witnessDir: string;
  /** The account that both run under. */
  readonly owner: number;
};

/** A policy that is there is left as it is: whoever runs the bank may have named witnesses elsewhere. Gives the policy. Throws a `Failure`. */
export async function prepareWitness({ log, signerDir, witnessDir, owner }: Volumes): Promise<string> {
  const witness = await readWitnessKey(witnessDir, name);
  const [policy, logs] = [join(signerDir, 'log-policy'), join(witnessDir, 'logs')];
  if (!existsSync(policy)) {
    writeFileSync(policy, `witness ${name} ${vkeyOf(witness)} ${url}\ngroup needed all ${name}\nquorum needed\n`);
  }
  writeFileSync(logs, `${vkeyOf(log)}\n`);
  const secrets = join(signerDir, 'secrets');
  const made = [signerDir, secrets, join(secrets, 'log-signing.key'), policy];
  for (const path of [...made, witnessDir, join(witnessDir, 'witness.key'), logs]) chownSync(path, owner, owner);
  return readFileSync(policy, 'utf8');
}
