/** Whom limits count an address for: IPv4 whole, IPv6 by the /64 that one subscriber has to choose addresses from. */
import { isIPv6 } from 'node:net';

export function sourceOf(address: string): string {
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain);
  if (groups.slice(0, 6).join() === '0,0,0,0,0,65535') {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const [first, last] = [numbersIn(head), numbersIn(tail ?? '')];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

const numbersIn = (text: string): readonly number[] =>
  text
    .split(':')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      return part.includes('.') ? [a * 256 + b, c * 256 + d] : [Number.parseInt(part, 16)];
    });
