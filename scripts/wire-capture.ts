/** `npm run wire-capture`: records a customer's whole visit on the loopback and reports what a listener could read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readConfig } from '../server/src/config.ts';
import { capture } from '../tests/wire/capture.ts';
import { isSafe, reportText } from '../tests/wire/report.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run wire-capture -- [--relay] [--without-tls] [--out FILE]
  --relay         records with a relay even where tshark is installed
  --without-tls   takes TLS off on the recorded side, to see that the search finds what is there
  --out FILE      the report; var/wire-report.md unless given`;

command(async () => {
  const { values } = readArguments(usage, {
    options: { relay: { type: 'boolean' }, 'without-tls': { type: 'boolean' }, out: { type: 'string' } },
  });
  const file = resolve(values.out ?? join(readConfig(process.env).stateDir, 'wire-report.md'));
  mkdirSync(dirname(file), { recursive: true });
  const packetsFile = file.replace(/(\.md)?$/, '.pcapng');
  const { report, hasPacketsFile } = await capture({
    byRelay: values.relay === true,
    withoutTls: values['without-tls'] === true,
    packetsFile,
    say: (step) => {
      console.log(step);
    },
  });
  const text = reportText(report);
  writeFileSync(file, text);
  console.log(`\n${text}\nThe report is ${file}${hasPacketsFile ? `, the packets are ${packetsFile}` : ''}.`);
  if (!isSafe(report)) process.exitCode = 1;
});
