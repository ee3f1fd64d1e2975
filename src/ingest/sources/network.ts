/** Whether, and to whom, this node may open a connection. Off until somebody says otherwise. */
import { badInputError, deniedError } from '../../base/index.ts';
import { isLoopbackAddress, isPublicAddress, literalAddress } from './addresses.ts';

/** `network` in fractal.json. */
export interface NetworkSettings {
  readonly enabled: boolean;
  /** Names that may be asked, `*.example.org` with all below it. Empty: any. */
  readonly hosts: readonly string[];
  /** Address or page that tells publishers whom to write to. */
  readonly contact?: string;
  /** Certificates (PEM) that are trusted besides the public ones: a file relative to the data directory. */
  readonly ca?: string;
  /** Also this machine, and there also http. For tests and for a mirror on the same machine. */
  readonly loopback?: boolean;
}

export const NETWORK_OFF: NetworkSettings = { enabled: false, hosts: [] };

export class NetworkPolicy {
  readonly #settings: NetworkSettings;

  constructor(settings: NetworkSettings) {
    this.#settings = settings;
  }

  /** Throws unless the network is on, by configuration or for this one command. */
  require(allowedNow: boolean): void {
    if (this.#settings.enabled || allowedNow) return;
    throw deniedError(
      'network.disabled',
      'this node opens no connection: the network is off',
      'Give --allow-network for this command, or set "network": {"enabled": true} in fractal.json.',
    );
  }

  get enabled(): boolean {
    return this.#settings.enabled;
  }

  /** Throws for an address that is not to be asked. `from` is the address that led here, if one did. */
  check(url: URL, from?: URL): void {
    const literal = literalAddress(url.hostname);
    const toLoopback = this.#settings.loopback === true && namesLoopback(url.hostname);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && toLoopback))
      throw badInputError(
        'http.scheme',
        `${schemeOf(url)} is not asked, only https`,
        'Give the https address of the document.',
      );
    if (url.username !== '' || url.password !== '')
      throw badInputError(
        'http.credentials',
        'the address holds a user name or password',
        'Give it without: Fractal sends none.',
      );
    const isInside = namesLoopback(url.hostname);
    const ledInside = isInside && from !== undefined && !namesLoopback(from.hostname);
    if (ledInside || (isInside && !toLoopback) || (literal !== undefined && !this.allowsAddress(literal)))
      throw forbiddenAddress(url.hostname);
    if (!this.allowsHost(url.hostname))
      throw deniedError(
        'network.host',
        `${url.hostname} is not one of the hosts that this node may ask`,
        'Add it to network.hosts in fractal.json.',
      );
  }

  allowsHost(host: string): boolean {
    const { hosts } = this.#settings;
    return hosts.length === 0 || hosts.some((pattern) => matches(pattern, host));
  }

  /** Asked again for the address that a name led to, at the moment of connecting. */
  allowsAddress(address: string): boolean {
    return isPublicAddress(address) || (this.#settings.loopback === true && isLoopbackAddress(address));
  }
}

export const forbiddenAddress = (host: string): Error =>
  deniedError(
    'network.address',
    `${host} is an address of this machine or of a private network`,
    'Only public addresses are asked. Download the file yourself and import it.',
  );

const schemeOf = (url: URL): string => url.protocol.replace(/:$/, '');

function namesLoopback(host: string): boolean {
  const literal = literalAddress(host);
  return literal === undefined ? /(?:^|\.)localhost\.?$/.test(host) : isLoopbackAddress(literal);
}

function matches(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted;
}
