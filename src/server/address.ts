/** Which addresses a door may be opened on. */
import { deniedError, usageError } from '../base/index.ts';

const LOOPBACK: Readonly<Record<string, string>> = {
  localhost: '127.0.0.1',
  '127.0.0.1': '127.0.0.1',
  '::1': '::1',
  '[::1]': '::1',
};

/** The address of a loopback name; undefined for any other host. */
export function loopbackAddress(host: string): string | undefined {
  const lower = host.toLowerCase();
  return Object.hasOwn(LOOPBACK, lower) ? LOOPBACK[lower] : undefined;
}

/** What stands behind a door: whether callers must say who they are, and whether what they say is encrypted. */
export interface DoorSafety {
  readonly users: boolean;
  readonly tls: boolean;
}

/** The address to listen on. Off loopback a door opens only with users and with TLS. */
export function addressFor(host: string, { users, tls }: DoorSafety): string {
  const loopback = loopbackAddress(host);
  if (loopback !== undefined) return loopback;
  if (!users)
    throw deniedError(
      'server.not_loopback',
      'a node in single-user mode never opens a port that is not loopback',
      'Make users with `fractal user add`, or use --host 127.0.0.1 and tunnel to it, for example with ssh -L.',
    );
  if (!tls)
    throw deniedError(
      'server.plaintext',
      'a port that is not loopback is opened with TLS only',
      'Set tls in fractal.json (docs/configuration.md), or use --host 127.0.0.1.',
    );
  if (host === '') throw usageError('server.host', 'the address is empty', 'Name one with --host.');
  return host.replace(/^\[(.*)\]$/, '$1');
}
