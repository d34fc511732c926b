/** Certificates for tests: an authority, the server's, and terminals' of any name. */
import 'reflect-metadata';
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import type { Pem } from '../../../scripts/certs/authority.ts';
import { issueServer, makeAuthority } from '../../../scripts/certs/authority.ts';
import type { TlsFiles } from '../../src/http/https-server.ts';

export type Authority = {
  readonly server: TlsFiles;
  /** A terminal's certificate and key. */
  readonly terminal: (name: string) => Promise<Pem>;
  /** The same, signed by nobody this server knows. */
  readonly stranger: (name: string) => Promise<Pem>;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function authority(): Promise<Authority> {
  const own = await makeAuthority(Date.now());
  const server = await issueServer(own, { commonName: 'localhost', names: ['localhost'] }, Date.now());
  return {
    server: { ca: own.cert, ...server },
    terminal: (name) => issueTerminal(own, 'CN=Grand Livre local authority', name),
    stranger: (name) => issueTerminal(own, 'CN=Somebody else', name),
  };
}

async function issueTerminal(issuer: Pem, issuerName: string, name: string): Promise<Pem> {
  const signingKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(issuer.key), algorithm, false, [
    'sign',
  ]);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuerName,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
}
