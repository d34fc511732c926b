/** Where staff may come from: address ranges and client certificates, where the bank asks for them. */
import { BlockList, isIP } from 'node:net';
import type { ApiRejection } from '../../../api/src/problems.ts';

export type StaffRules = {
  /** Ranges as `192.0.2.0/24`, or single addresses; empty: from anywhere. */
  readonly staffAddresses: readonly string[];
  /** `required`: only with a certificate of the bank's authority whose unit is `staff`. */
  readonly staffCertificates: 'optional' | 'required';
};

/** Undefined when whoever comes from this address with this certificate may make staff's calls. */
export type StaffAccess = (address: string, certificate: string | undefined) => ApiRejection | undefined;

const shape = /^([\d.]+|[\da-f:.]+)(?:\/(\d{1,3}))?$/i;

/** Whether it is an address, or a range of them in CIDR notation. */
export function isAddressRange(text: string): boolean {
  const [, address = '', bits] = shape.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

export function staffAccess({ staffAddresses, staffCertificates }: StaffRules): StaffAccess {
  const allowed = new BlockList();
  for (const range of staffAddresses) {
    const [address = '', bits] = range.split('/');
    const isIPv4 = isIP(address) === 4;
    allowed.addSubnet(address, bits === undefined ? (isIPv4 ? 32 : 128) : Number(bits), isIPv4 ? 'ipv4' : 'ipv6');
  }
  return (address, certificate) => {
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (staffAddresses.length > 0 && (isIP(address) === 0 || !allowed.check(address, family))) {
      return { code: 'forbidden', reason: 'The bank’s staff works from other addresses than yours.' };
    }
    if (staffCertificates === 'required' && certificate === undefined) {
      return { code: 'forbidden', reason: 'This call is for the bank’s staff, with a certificate of theirs.' };
    }
    return undefined;
  };
}
