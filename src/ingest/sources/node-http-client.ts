/**
 * The one place in Fractal that opens a connection to the outside.
 *
 * Node's own client and not `fetch`: it lets the address be checked between the look-up of a name and the connection, so
 * that a name cannot mean one address when it is checked and another when it is used.
 */
import { lookup as systemLookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { FractalError, unavailableError, type Limits } from '../../base/index.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import { forbiddenAddress, type NetworkPolicy } from './network.ts';

export interface NodeHttpOptions {
  readonly policy: Pick<NetworkPolicy, 'allowsAddress'>;
  readonly limits: Limits;
  /** Certificates (PEM) trusted besides the public ones. */
  readonly ca: string | undefined;
  /** Finds the addresses of a name; that of the system when absent. */
  readonly lookup?: LookupFunction;
}

/** Sockets kept per host: requests to one host never run side by side. */
const CONNECTIONS_PER_HOST = 1;

export class NodeHttpClient implements HttpClient {
  readonly #options: NodeHttpOptions;
  readonly #agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent };

  constructor(options: NodeHttpOptions) {
    this.#options = options;
    const shared = { keepAlive: true, maxSockets: CONNECTIONS_PER_HOST, lookup: this.#lookup };
    const own = options.ca === undefined ? {} : { ca: [...rootCertificates(), options.ca] };
    this.#agents = { 'http:': new http.Agent(shared), 'https:': new https.Agent({ ...shared, ...own }) };
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    const { url, headers, signal } = request;
    const secure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? https : http).request(
        url,
        {
          method: 'GET',
          headers,
          agent: this.#agents[secure ? 'https:' : 'http:'],
          timeout: this.#options.limits.fetch_idle_ms,
          signal,
        },
        (incoming) => resolve(answerOf(incoming, url, signal)),
      );
      outgoing.on('timeout', () => outgoing.destroy(silence(url)));
      outgoing.on('error', (error) => reject(failure(error, url, signal)));
      outgoing.end();
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  /** All addresses of a name must be allowed: one that is not shows that the name is not what it seems. */
  readonly #lookup: LookupFunction = (host, options, done) => {
    const find = this.#options.lookup ?? systemLookup;
    find(host, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : [];
      const [first] = addresses;
      if (error !== null || first === undefined) return done(error ?? noAddress(host), '', 0);
      if (!addresses.every(({ address }) => this.#options.policy.allowsAddress(address)))
        return done(forbiddenAddress(host), '', 0);
      if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

/** Naming own certificates replaces the public ones, so they are named too. */
const rootCertificates = (): readonly string[] => getCACertificates('default');

function answerOf(incoming: http.IncomingMessage, url: URL, signal: AbortSignal): HttpAnswer {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  // A body that nobody has begun to read must not bring the process down when its connection breaks.
  incoming.on('error', () => undefined);
  return {
    status: incoming.statusCode ?? 0,
    headers,
    body: chunksOf(incoming, url, signal),
    close: () => {
      // What has all come is let go of, so that its connection can be used again.
      if (incoming.complete) incoming.resume();
      else incoming.destroy();
    },
  };
}

async function* chunksOf(
  incoming: http.IncomingMessage,
  url: URL,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw failure(error, url, signal);
  }
}

const noAddress = (host: string): Error =>
  unavailableError('http.name', `${host} has no address`, 'Check the spelling and the connection.');

const silence = (url: URL): Error =>
  unavailableError('http.timeout', `${url.host} was silent for too long`, 'Try again later.');

/** Names that cannot be found now may be found later; others are wrong. */
const NO_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);
const TLS = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/;

function failure(error: unknown, url: URL, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason as Error;
  if (error instanceof FractalError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (NO_NAME.has(code)) return noAddress(url.hostname);
  if (TLS.test(code))
    return unavailableError(
      'http.tls',
      `${url.host} did not prove who it is (${code})`,
      'Check the clock of this machine; name the certificate of a proxy in network.ca of fractal.json.',
      { cause: error },
    );
  return unavailableError(
    'http.network',
    `the connection to ${url.host} failed (${code})`,
    'Check the connection and try again.',
    { cause: error },
  );
}
