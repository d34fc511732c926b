/** What a person sees when the bank is open: where it is, and how to get in. */
import { relative } from 'node:path';
import type { Config } from '../../../server/src/config.ts';
import type { StaffLogIn } from '../../../server/src/staff/first-staff.ts';
import { firstStaffOf, forgetFirstStaff } from '../staff/first-staff-file.ts';
import type { Stores } from './stores.ts';

export type Greeting = Pick<Stores, 'sample'> & {
  readonly config: Config;
  /** The authority's certificate. */
  readonly ca: string;
  /** The first staff log-in, until it was shown once. */
  readonly staff: StaffLogIn | undefined;
};

/** Last of all: a start that fails before it has made no log-in, and one that fails here has lost none. */
export async function greet({ logIns, ...open }: Omit<Greeting, 'staff'> & Pick<Stores, 'logIns'>): Promise<void> {
  const { stateDir } = open.config;
  const staff = await firstStaffOf(logIns.server, stateDir);
  console.log(greeting({ ...open, staff }));
  forgetFirstStaff(stateDir);
}

function greeting({ config, ca, staff, sample }: Greeting): string {
  const url = `https://localhost:${String(config.port)}`;
  const lines = [
    '',
    `The bank is open: ${url}`,
    `  the kiosk          ${url}/atm/`,
    `  the console        ${url}/admin/`,
    `  API documentation  ${url}/docs`,
    `  trust              ${relative(process.cwd(), ca)}   (curl --cacert ${relative(process.cwd(), ca)} ${url}/health/ready)`,
  ];
  if (config.terminals === 'demo') {
    lines.push('  demonstration      TERMINALS=demo: anybody at this machine can deposit cash that nobody counted');
  }
  if (sample !== undefined)
    lines.push(`  sample account     ${sample.account}, PIN ${sample.pin}   (more in data/README.md)`);
  if (staff !== undefined) {
    lines.push(
      `  staff log-in       ${staff.username}, password ${staff.password}`,
      '                     shown this once: write it down',
    );
  }
  lines.push(
    `  logs               ${relative(process.cwd(), config.stateDir)}/*.log`,
    '',
    'Ctrl-C stops everything.',
    '',
  );
  return lines.join('\n');
}
