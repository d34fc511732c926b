/** Makes certificates: the bank's own authority, and what it signs. */
import 'reflect-metadata';
import type { Extension } from '@peculiar/x509';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509Crl,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import type { webcrypto } from 'node:crypto';
import type { staffUnit, terminalUnit } from '../../../server/src/http/terminal.ts';
import { isIP } from 'node:net';

/** What the bank and its browsers use; EventStoreDB and KurrentDB read RSA keys only. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 3072,
  publicExponent: Uint8Array.of(1, 0, 1),
};
const authorityDays = 3650;
/** Browsers reject server certificates that are valid for longer than 398 days. */
const issuedDays = 397;

export type Pem = { readonly cert: string; readonly key: string };

const makeKeys = (): Promise<webcrypto.CryptoKeyPair> => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const keyToPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const keyFromPem = (pem: string): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), algorithm, false, ['sign']);

/** `now` is in milliseconds; an hour is allowed for clocks that are behind. */
const validity = (now: number, days: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(now - 3_600_000),
  notAfter: new Date(now + days * dayMs),
});

export async function makeAuthority(now: number): Promise<Pem> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Grand Livre local authority',
    keys,
    signingAlgorithm: algorithm,
    ...validity(now, authorityDays),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await keyToPem(keys.privateKey) };
}

export type Subject = {
  readonly commonName: string;
  /** Host names and addresses. */
  readonly names: readonly string[];
  /** A node of an event log talks to its sisters as well, and has an RSA key. */
  readonly isNode?: boolean;
};

/** A server certificate for these host names and addresses, signed by the authority. */
export async function issueServer(
  authority: Pem,
  { commonName, names, isNode = false }: Subject,
  now: number,
): Promise<Pem> {
  const keys: webcrypto.CryptoKeyPair = isNode
    ? await crypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
    : await makeKeys();
  const uses = isNode ? [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth] : [ExtendedKeyUsage.serverAuth];
  return issue(authority, keys, now, {
    subject: `CN=${commonName}`,
    extensions: [
      isNode
        ? new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true)
        : new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(uses),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
}

/** The certificate of a terminal, whose name is in every event, or of one of the staff; the unit says which. */
export async function issueClient(
  authority: Pem,
  name: string,
  unit: typeof terminalUnit | typeof staffUnit,
  now: number,
): Promise<Pem> {
  return issue(authority, await makeKeys(), now, {
    subject: `CN=${name}, OU=${unit}`,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ],
  });
}

async function issue(
  authority: Pem,
  keys: webcrypto.CryptoKeyPair,
  now: number,
  { subject, extensions }: { readonly subject: string; readonly extensions: readonly Extension[] },
): Promise<Pem> {
  const issuer = new X509Certificate(authority.cert);
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await keyFromPem(authority.key),
    signingAlgorithm: algorithm,
    ...validity(now, issuedDays),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      ...extensions,
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await keyToPem(keys.privateKey) };
}

/** The lists before with these serial numbers (hexadecimal) added, signed by the authority: RFC 5280, 5. */
export async function revoke(
  authority: Pem,
  before: readonly string[],
  serials: readonly string[],
  now: number,
): Promise<string> {
  const issuer = new X509Certificate(authority.cert);
  const revoked = new Map(
    before
      .flatMap((list) => new X509Crl(list).entries)
      .map((entry) => [entry.serialNumber.toLowerCase(), entry.revocationDate]),
  );
  for (const serial of serials.map((one) => one.toLowerCase())) {
    if (!revoked.has(serial)) revoked.set(serial, new Date(now));
  }
  const list = await X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: new Date(now),
    // Nobody fetches it from afar: it is good until there is another.
    nextUpdate: issuer.notAfter,
    signingKey: await keyFromPem(authority.key),
    signingAlgorithm: algorithm,
    // An entry without a reason would get an empty list of extensions, which OpenSSL does not read.
    entries: [...revoked].map(([serialNumber, revocationDate]) => ({
      serialNumber,
      revocationDate,
      reason: X509CrlReason.privilegeWithdrawn,
    })),
    extensions: [await AuthorityKeyIdentifierExtension.create(issuer.publicKey)],
  });
  // The label that RFC 7468, 6 asks for.
  return PemConverter.encode(list.rawData, 'X509 CRL');
}
