/**
 * What keeps an unauthenticated loopback port safe from web pages. A page that the operator happens to have open can
 * make the browser send requests to 127.0.0.1; it can rebind its own host name to it; it cannot forge Host, Origin or
 * Sec-Fetch-Site. So: the Host must be a loopback name with our port, and a request that a page of another origin
 * made is refused. No CORS header is ever sent. The local socket is out of any browser's reach and needs no such check.
 */
import { deniedError } from '../base/index.ts';
import type { Door } from './context.ts';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function isOurHost(host: string | null, { port, isOurName }: Partial<Door>): boolean {
  if (host === null || port === undefined) return false;
  const lower = host.toLowerCase();
  if (isOurName !== undefined) {
    const [, name = '', given = String(HTTPS_PORT)] = /^(.*?)(?::(\d+))?$/.exec(lower) ?? [];
    return Number(given) === port && isOurName(name.replace(/^\[(.*)\]$/, '$1'));
  }
  return LOOPBACK_NAMES.some((name) => lower === `${name}:${port}` || (port === HTTP_PORT && lower === name));
}

/** Throws when the request may come from a web page that is not ours. An unknown door is treated as the open one. */
export function guardRequest(headers: Headers, door: Partial<Door> | undefined): void {
  if (door?.transport === 'socket') return;
  const host = headers.get('host');
  if (!isOurHost(host, door ?? {}))
    throw deniedError(
      'http.host',
      door?.isOurName === undefined
        ? 'the Host header is not a loopback name with the port of this node'
        : 'the Host header is not a name of the certificate with the port of this node',
      'Use the address that `fractal start` printed, or with TLS a name of its certificate.',
    );
  const origin = headers.get('origin');
  // The scheme is ours to know: with TLS there is no other.
  const scheme = door?.isOurName === undefined ? 'http' : 'https';
  if (origin !== null && origin.toLowerCase() !== `${scheme}://${(host ?? '').toLowerCase()}`)
    throw crossSite();
  const site = headers.get('sec-fetch-site');
  // `same-site` is refused too: every port of localhost is one site to a browser.
  if (site !== null && site !== 'same-origin' && site !== 'none') throw crossSite();
}

const crossSite = (): Error =>
  deniedError(
    'http.cross_site',
    'the request was made by a web page of another origin',
    'Call the node from a program of yours, or from a page that the node itself serves.',
  );
