/** `npm run certs`: the bank's certificates, and the terminals'; made, renewed and revoked while the bank runs. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { ensureCertificates } from './certs/ensure.ts';
import { addTerminal, listTerminals, revokeTerminal } from './certs/terminals.ts';
import { endWith, Failure } from './failure.ts';

const usage = `Usage: npm run certs                    makes what is missing or about to run out, and shows all there is
       npm run certs -- renew           a new certificate for the server, from the same authority
       npm run certs -- terminal NAME   a certificate for a terminal; again: a new one beside the one it has
       npm run certs -- revoke NAME     lets the terminal in no more`;

const daysLeft = (notAfter: Date): string =>
  `${String(Math.floor((notAfter.getTime() - Date.now()) / 86_400_000))} days left`;

async function main(): Promise<void> {
  const [what = 'show', name = '', ...more] = process.argv.slice(2);
  const takesName = what === 'terminal' || what === 'revoke';
  if (!['show', 'renew', 'terminal', 'revoke'].includes(what) || takesName !== (name !== '') || more.length > 0) {
    throw new Failure(usage);
  }
  const { certsDir, certNames } = readConfig(process.env);
  const { ca, made } = await ensureCertificates(certsDir, Date.now(), { names: certNames, renew: what === 'renew' });
  if (made.length > 0) console.log(`Made in ${certsDir}: ${made.join(', ')}.`);

  if (what === 'terminal') {
    const password = randomBytes(12).toString('base64url');
    const folder = await addTerminal(certsDir, name, password, Date.now());
    console.log(`${name}: import ${join(folder, 'terminal.p12')} into its browser with the password ${password}`);
    console.log('The password is shown this once. Programs take terminal.crt and terminal.key.');
    return;
  }
  if (what === 'revoke') {
    const count = await revokeTerminal(certsDir, name, Date.now());
    console.log(
      `${name}: ${String(count)} certificate(s) revoked. Servers that read ${certsDir} know within a second.`,
    );
    return;
  }
  for (const file of ['ca.crt', 'server.crt']) {
    console.log(`${file}: ${daysLeft(new X509Certificate(readFileSync(join(certsDir, file))).validToDate)}`);
  }
  for (const { name: terminal, notAfter } of listTerminals(certsDir)) {
    console.log(`terminal ${terminal}: ${daysLeft(notAfter)}`);
  }
  console.log(`Whoever talks to the bank trusts ${ca}.`);
}

main().catch((error: unknown) => endWith(error instanceof ConfigError ? new Failure(error.message) : error));
