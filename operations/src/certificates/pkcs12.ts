/** A certificate with its key and its authority as one PKCS#12 file, as browsers import it: RFC 7292. */
import { BmpString, OctetString } from 'asn1js';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';
import type { Pem } from './authority.ts';

const keyBag = '1.2.840.113549.1.12.10.1.2';
const certBag = '1.2.840.113549.1.12.10.1.3';
const friendlyName = '1.2.840.113549.1.9.20';
const localKeyId = '1.2.840.113549.1.9.21';
const iterations = 100_000;

const der = (pem: string): Buffer => new X509Certificate(pem).raw;

/** Encrypted with AES-256 under a key made of the password (PBKDF2, HMAC-SHA-256). */
export async function toPkcs12({ cert, key }: Pem, authority: string, name: string, password: string): Promise<Buffer> {
  const secret = new TextEncoder().encode(password).buffer;
  const encryption = {
    password: secret,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: iterations,
  };
  // Chromium and Firefox take a key only when its id leads them to its certificate.
  const keyId = createHash('sha256').update(der(cert)).digest();
  const attributes = () => [
    new Attribute({ type: friendlyName, values: [new BmpString({ value: name })] }),
    new Attribute({ type: localKeyId, values: [new OctetString({ valueHex: keyId })] }),
  ];

  const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  const shrouded = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(pkcs8) });
  await shrouded.makeInternalValues(encryption);
  const certificate = (pem: string) => new CertBag({ parsedValue: Certificate.fromBER(der(pem)) });
  const keys = [new SafeBag({ bagId: keyBag, bagValue: shrouded, bagAttributes: attributes() })];
  const certificates = [
    new SafeBag({ bagId: certBag, bagValue: certificate(cert), bagAttributes: attributes() }),
    new SafeBag({ bagId: certBag, bagValue: certificate(authority) }),
  ];

  // The key is encrypted already; the certificates' part is as a whole.
  const safe = new AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        { privacyMode: 0, value: new SafeContents({ safeBags: keys }) },
        { privacyMode: 1, value: new SafeContents({ safeBags: certificates }) },
      ],
    },
  });
  await safe.makeInternalValues({ safeContents: [{}, encryption] });
  const file = new PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  await file.makeInternalValues({
    password: secret,
    iterations,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(file.toSchema().toBER());
}
