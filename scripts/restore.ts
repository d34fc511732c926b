/** `npm run restore`: a bank from a backup, at its end, at a moment, or at a position of its journal. */
import { Failure } from '../ledger/src/failure.ts';
import { readPassphrase } from '../operations/src/backup/passphrase.ts';
import type { Target } from '../operations/src/backup/recover.ts';
import { restoreBackup } from '../operations/src/backup/restore-backup.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run restore -- --from BACKUP [--wal DIR] [--until TIME|POSITION] [--passphrase-file FILE]
  --from              the folder of one backup; STATE_DIR and CERTS_DIR say where the bank is to be
  --wal               the folder of WAL_ARCHIVE: everything that was archived, too
  --until             2026-01-31T09:30:00Z, or a position of the journal; the end unless given
  --passphrase-file   opens the secrets; asked for unless given`;

function readTarget(text: string | undefined): Target | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return { position: Number(text) };
  const hasZone = /(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  if (!hasZone || Number.isNaN(Date.parse(text))) {
    throw new Failure(`--until is "${text}", but must be a time with its zone or a position.\n${usage}`);
  }
  return { time: new Date(text).toISOString() };
}

command(async () => {
  const { values } = readArguments(usage, {
    options: {
      ...{ from: { type: 'string' }, wal: { type: 'string' } },
      ...{ until: { type: 'string' }, 'passphrase-file': { type: 'string' } },
    },
  });
  const { from, wal: walArchive } = values;
  if (from === undefined) throw new Failure(usage);
  const until = readTarget(values.until);
  const verified = await restoreBackup({
    ...{ config: readConfig(process.env), from, walArchive, until },
    passphrase: () => readPassphrase(values['passphrase-file'], { isNew: false }),
    onStep: (step) => {
      console.log(step);
    },
  });
  if (verified !== undefined && verified.lost > 0) {
    console.log(
      `The event log ends ${String(verified.lost)} events before what the database had shown of it: they are lost, and what they did has to be done again.`,
    );
  }
  if (verified !== undefined && verified.signed > 0) {
    console.log(
      `The transparency log was signed up to ${String(verified.signed)} events here, and further if the bank went on: until "npm run signing" has been told how it goes on, nothing is signed.`,
    );
  }
  console.log(
    verified === undefined
      ? 'Secrets and certificates are restored. Unpack base.tar.gz into your PostgreSQL (docs/decisions/backup.md), then start.'
      : `The bank is restored up to position ${String(verified.position)} and agrees with its journal: ${String(verified.accounts)} accounts, ${String(verified.entries)} entries. Start it with npm start.`,
  );
});
