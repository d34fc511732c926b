/** What a person sees when the bank is open: where it is, and how to get in. */
import { relative } from 'node:path';
import type { Config } from '../../server/src/config.ts';

export type Greeting = {
  readonly config: Config;
  /** The authority's certificate. */
  readonly ca: string;
  /** The first staff log-in, at the very first start only. */
  readonly staff: { readonly username: string; readonly password: string } | undefined;
  /** An account of the sample bank, when there is one. */
  readonly sample: { readonly account: string; readonly pin: string } | undefined;
};

export function greeting({ config, ca, staff, sample }: Greeting): string {
  const url = `https://localhost:${String(config.port)}`;
  const lines = [
    '',
    `The bank is open: ${url}`,
    `  the machine        ${url}/atm/`,
    `  the console        ${url}/admin/`,
    `  API documentation  ${url}/docs`,
    `  trust              ${relative(process.cwd(), ca)}   (curl --cacert ${relative(process.cwd(), ca)} ${url}/health/ready)`,
  ];
  if (sample !== undefined)
    lines.push(`  sample account     ${sample.account}, PIN ${sample.pin}   (more in data/README.md)`);
  if (staff !== undefined) {
    lines.push(
      `  staff log-in       ${staff.username}, password ${staff.password}`,
      '                     shown this once: keep it',
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
