/** Which addresses a node may connect to: those of the public internet. */
import { BlockList, isIP } from 'node:net';

/** Ranges that are not globally reachable (IANA special-purpose registries), multicast, and ways to write IPv4 in IPv6. */
const V4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';
const V6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';

const special = listOf(V4, 'ipv4');
const special6 = listOf(V6, 'ipv6');
const unicast6 = listOf('2000::/3', 'ipv6');
const loopback = listOf('127.0.0.0/8', 'ipv4');

function listOf(ranges: string, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges.split(' ')) {
    const [net = '', prefix = ''] = range.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
}

/** The address as text, without brackets; undefined for a name. */
export function literalAddress(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

/** False for what is no address. IPv6 is taken only from global unicast: that leaves out mapped and translated IPv4. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && unicast6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

export function isLoopbackAddress(address: string): boolean {
  return (isIP(address) === 4 && loopback.check(address, 'ipv4')) || address === '::1';
}
