/** `npm run certs`: makes or renews the certificates, and says what they are for. */
import { ConfigError, readConfig } from '../server/src/config.ts';
import { ensureCertificates } from './certs/ensure.ts';
import { endWith, Failure } from './failure.ts';

try {
  const { certsDir, certNames } = readConfig(process.env);
  const { ca, made } = await ensureCertificates(certsDir, Date.now(), { names: certNames });
  console.log(
    made.length === 0 ? `The certificates in ${certsDir} are good.` : `Made in ${certsDir}: ${made.join(', ')}.`,
  );
  console.log(`Whoever talks to the bank trusts ${ca}.`);
} catch (error) {
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
}
