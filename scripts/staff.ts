/** `npm run staff`: the bank's staff. Adds, lists, removes, gives new passwords, and one-time codes to whoever wants them. */
import pg from 'pg';
import { logInStaff, staffRoles } from '../api/src/calls/staff.ts';
import { Failure } from '../ledger/src/failure.ts';
import type { MasterKeys } from '../ledger/src/vault/master-keys.ts';
import { openDatabase } from '../operations/src/database.ts';
import { addStaff, giveOneTimeCodes, listStaff, removeStaff, renewPassword } from '../operations/src/staff/staff.ts';
import { readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run staff -- list
       npm run staff -- add NAME --role ${staffRoles.join('|')} [--one-time-codes]
       npm run staff -- password NAME
       npm run staff -- one-time-codes NAME
       npm run staff -- remove NAME`;

const actions = ['list', 'add', 'password', 'one-time-codes', 'remove'] as const;

function readStaffArguments() {
  const { values, positionals } = readArguments(usage, {
    allowPositionals: true,
    options: { role: { type: 'string' }, 'one-time-codes': { type: 'boolean' } },
  });
  const [what, name = '', ...more] = positionals;
  const action = actions.find((one) => one === what);
  const role = staffRoles.find((one) => one === values.role);
  const isNameRight = action === 'list' ? name === '' : logInStaff.body.shape.username.safeParse(name).success;
  if (action === undefined || !isNameRight || more.length > 0 || (action === 'add' && role === undefined)) {
    throw new Failure(`${usage}\nA name is 1 to 24 of a-z, 0-9, ".", "_", "-".`);
  }
  return { action, name, role: role ?? 'auditor', oneTimeCodes: values['one-time-codes'] === true };
}

async function carryOut(
  client: pg.Client,
  { action, name, role, oneTimeCodes }: ReturnType<typeof readStaffArguments>,
  masterKeys: () => Promise<MasterKeys>,
): Promise<void> {
  const printCodes = async (): Promise<void> => {
    const uri = await giveOneTimeCodes(client, name, await masterKeys());
    console.log(`One-time codes: give this to your authenticator, it is shown this once:\n${uri}`);
  };
  switch (action) {
    case 'list':
      for (const one of await listStaff(client)) {
        console.log(`${one.username}  ${one.role}${one.hasOneTimeCodes ? '  one-time codes' : ''}`);
      }
      return;
    case 'add':
      console.log(`${name} (${role}), password ${await addStaff(client, name, role)}\nIt is shown this once.`);
      if (oneTimeCodes) await printCodes();
      return;
    case 'password':
      console.log(`${name}, new password ${await renewPassword(client, name)}\nIt is shown this once.`);
      return;
    case 'one-time-codes':
      return printCodes();
    case 'remove':
      await removeStaff(client, name);
      console.log(`${name} is no longer on the staff, and every session of theirs has ended.`);
  }
}

command(async () => {
  const given = readStaffArguments();
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await carryOut(client, given, async () => (await loadSecrets(config.stateDir, url)).masterKeys);
  } finally {
    await client.end();
    await release();
  }
});
