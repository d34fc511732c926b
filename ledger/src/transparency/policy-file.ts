/** The file of the policy: who has to cosign the log's checkpoints, for the signer who asks and the verification that checks. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { Policy } from './policy.ts';
import { parsePolicy } from './policy.ts';

/** None where nobody wrote one: the log is then signed and not witnessed. Throws `Failure`. */
export function readPolicy({
  policyFile,
  stateDir,
}: {
  readonly policyFile: string | undefined;
  readonly stateDir: string;
}): Policy | undefined {
  const path = policyFile ?? join(stateDir, 'log-policy');
  if (policyFile === undefined && !existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new Failure(`The policy ${path} cannot be read: set LOG_POLICY to its file.`);
  }
  return parsePolicy(text, path);
}
