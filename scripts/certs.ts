/** `npm run certs`: the bank's certificates, the terminals' and the staff's; made, renewed and revoked while the bank runs. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../ledger/src/failure.ts';
import type { Folders } from '../operations/src/certificates/ensure.ts';
import { ensureCertificates, readExpiries } from '../operations/src/certificates/ensure.ts';
import type { ClientUnit } from '../operations/src/certificates/terminals.ts';
import { addTerminal, listTerminals, revokeTerminal } from '../operations/src/certificates/terminals.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run certs                    makes what is missing or about to run out, and shows all there is
       npm run certs -- renew           a new certificate for the server, from the same authority
       npm run certs -- terminal NAME   a certificate for a terminal; again: a new one beside the one it has
       npm run certs -- revoke NAME     lets the terminal in no more
       npm run certs -- staff NAME      the same for one of the staff
       npm run certs -- revoke-staff NAME`;

const actions = ['show', 'renew', 'terminal', 'revoke', 'staff', 'revoke-staff'] as const;

const units = ['terminal', 'staff'] as const;

function readAction(): { readonly action: (typeof actions)[number]; readonly name: string } {
  const { positionals } = readArguments(usage, { allowPositionals: true, options: {} });
  const [what = 'show', name = '', ...more] = positionals;
  const action = actions.find((one) => one === what);
  const takesName = action !== undefined && action !== 'show' && action !== 'renew';
  if (action === undefined || takesName !== (name !== '') || more.length > 0) throw new Failure(usage);
  return { action, name };
}

async function printAdded(caDir: string, name: string, unit: ClientUnit): Promise<void> {
  const password = randomBytes(12).toString('base64url');
  const folder = await addTerminal(caDir, name, password, Date.now(), unit);
  console.log(`${name}: import ${join(folder, `${unit}.p12`)} into its browser with the password ${password}`);
  console.log(`The password is shown this once. Programs take ${unit}.crt and ${unit}.key.`);
}

async function printRevoked(folders: Folders, name: string, unit: ClientUnit): Promise<void> {
  const count = await revokeTerminal(folders, name, Date.now(), unit);
  console.log(
    `${name}: ${String(count)} certificate(s) revoked. Servers that read ${folders.certsDir} know within a second.`,
  );
}

function printAll({ certsDir, caDir }: Folders, ca: string): void {
  const clients = units.flatMap((unit) =>
    listTerminals(caDir, unit).map(({ name, notAfter }) => ({ name: `${unit} ${name}`, notAfter })),
  );
  for (const { name, notAfter } of [...readExpiries(certsDir), ...clients]) {
    console.log(`${name}: ${String(Math.floor((notAfter.getTime() - Date.now()) / 86_400_000))} days left`);
  }
  console.log(`Whoever talks to the bank trusts ${ca}.`);
}

command(async () => {
  const { action, name } = readAction();
  const { certsDir, caDir, certNames: names } = readConfig(process.env);
  const renew = action === 'renew';
  const { ca, made } = await ensureCertificates(certsDir, Date.now(), { caDir, names, renew });
  if (made.length > 0) console.log(`Made in ${certsDir}: ${made.join(', ')}.`);
  if (action === 'terminal' || action === 'staff') await printAdded(caDir, name, action);
  else if (action === 'revoke') await printRevoked({ certsDir, caDir }, name, 'terminal');
  else if (action === 'revoke-staff') await printRevoked({ certsDir, caDir }, name, 'staff');
  else printAll({ certsDir, caDir }, ca);
});
