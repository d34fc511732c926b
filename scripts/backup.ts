/** `npm run backup`: a backup of the whole bank, running or not, into a folder of its own. */
import { Failure } from '../ledger/src/failure.ts';
import { readPassphrase } from '../operations/src/backup/passphrase.ts';
import { takeBackup } from '../operations/src/backup/take-backup.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run backup -- --to DIR [--passphrase-file FILE]
  --to                the backup becomes a folder of its own in there
  --passphrase-file   encrypts the secrets; asked for unless given`;

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

command(async () => {
  const { values } = readArguments(usage, {
    options: { to: { type: 'string' }, 'passphrase-file': { type: 'string' } },
  });
  const { to } = values;
  if (to === undefined) throw new Failure(usage);
  const config = readConfig(process.env);
  const passphrase = await readPassphrase(values['passphrase-file'], { isNew: true });
  let saidAt = performance.now();
  const { folder, manifest } = await takeBackup({
    ...{ config, to, passphrase },
    onBytes(bytes) {
      if (performance.now() - saidAt < 2_000) return;
      saidAt = performance.now();
      console.log(`${mebibytes(bytes)} read …`);
    },
  });
  const { journal, postgres } = manifest;
  console.log(`The backup is in ${folder}: everything up to position ${String(journal.positionBefore)}.`);
  if (journal.store === 'event log') {
    console.log(
      'The journal is in an event log, which has backups of its own: take those first, then this one (docs/decisions/backup.md).',
    );
  }
  if (postgres.server === 'own' && config.walArchive === undefined) {
    console.log('What comes later is in no backup: set WAL_ARCHIVE to lose no more than five minutes.');
  }
});
