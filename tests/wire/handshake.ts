/** What anybody who listens sees of the handshake: the version and cipher the bank chose. RFC 8446, 4.1.3 and 5.1. */
import type { Recording } from './recording.ts';

export type Handshake = { readonly version: string; readonly cipher: string };

const handshakeRecord = 22;
const serverHello = 2;
const supportedVersions = 43;

const versions: Readonly<Record<number, string>> = {
  0x0300: 'SSL 3.0',
  0x0301: 'TLS 1.0',
  0x0302: 'TLS 1.1',
  0x0303: 'TLS 1.2',
  0x0304: 'TLS 1.3',
};
const ciphers: Readonly<Record<number, string>> = {
  0x1301: 'TLS_AES_128_GCM_SHA256',
  0x1302: 'TLS_AES_256_GCM_SHA384',
  0x1303: 'TLS_CHACHA20_POLY1305_SHA256',
  0xc02b: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  0xc02c: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  0xcca9: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
};

/** Undefined where the bank's side does not begin with one: then there is no TLS. */
export function handshakeIn({ pieces }: Recording): Handshake | undefined {
  const bytes = Buffer.concat(pieces.filter(({ from }) => from === 'bank').map((piece) => piece.bytes));
  // Record: type, version (2), length (2). Message: type, length (3), version (2), random (32), session id, cipher (2),
  // compression, length of the extensions (2), extensions.
  if (bytes.length < 80 || bytes[0] !== handshakeRecord || bytes[5] !== serverHello) return undefined;
  const afterSession = 44 + (bytes[43] ?? 0);
  const cipher = bytes.readUInt16BE(afterSession);
  const version = versionAmong(bytes.subarray(afterSession + 5, 9 + bytes.readUIntBE(6, 3))) ?? bytes.readUInt16BE(9);
  return {
    version: versions[version] ?? `unknown (${version.toString(16)})`,
    cipher: ciphers[cipher] ?? `unknown (${cipher.toString(16)})`,
  };
}

/** TLS 1.3 says in an extension that it is one. */
function versionAmong(extensions: Buffer): number | undefined {
  for (let at = 0; at + 4 <= extensions.length; at += 4 + extensions.readUInt16BE(at + 2)) {
    if (extensions.readUInt16BE(at) === supportedVersions) return extensions.readUInt16BE(at + 4);
  }
  return undefined;
}
