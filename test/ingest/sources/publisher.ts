/** A publisher on this machine: answers by script, counts what it was asked, and replays real files. */
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import {
  DEFAULT_LIMITS,
  ManualClock,
  SeededRandom,
  nodeFileSystem,
  type Limits,
  type Pause,
} from '../../../src/base/index.ts';
import {
  Downloads,
  NetworkPolicy,
  NodeHttpClient,
  Web,
  type HttpClient,
  type NetworkSettings,
} from '../../../src/ingest/index.ts';

export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Time of the test's clock. */
  readonly at: number;
}

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const tls = path.join(import.meta.dirname, 'tls');
export const CA = readFileSync(path.join(tls, 'ca.pem'), 'utf8');

export class Publisher {
  readonly asked: Asked[] = [];
  readonly clock = new ManualClock(Date.UTC(2024, 5, 1));
  /** Connections that were opened, by TLS or not. */
  connections = 0;
  readonly #answers = new Map<string, Answer[]>();
  readonly #servers: readonly (http.Server | https.Server)[];
  readonly #sockets = new Set<Socket>();

  constructor() {
    const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      const { headers, url = '/' } = request;
      const host = String(headers['x-host'] ?? headers.host ?? '');
      this.asked.push({ host, path: url, headers, at: this.clock.now() });
      const answers = this.#answers.get(host + url) ?? this.#answers.get(url) ?? [];
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer !== undefined) answer(request, response);
      else
        response.writeHead(404, { 'content-type': 'text/html' }).end('<html><body>Not found</body></html>');
    };
    const keys = {
      key: readFileSync(path.join(tls, 'server.key')),
      cert: readFileSync(path.join(tls, 'server.pem')),
    };
    this.#servers = [http.createServer(listener), https.createServer(keys, listener)];
    for (const server of this.#servers)
      server.on('connection', (socket: Socket) => {
        this.connections++;
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
      });
  }

  async start(): Promise<this> {
    for (const server of this.#servers)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  port(scheme: 'http' | 'https'): number {
    return (this.#servers[scheme === 'http' ? 0 : 1]?.address() as AddressInfo).port;
  }

  /** Address of a path on this very server. */
  url(target: string, scheme: 'http' | 'https' = 'http'): URL {
    return new URL(`${scheme}://localhost:${this.port(scheme)}${target}`);
  }

  /** Answers in turn; the last one stays. `target` is a path, or a host with a path. */
  on(target: string, ...answers: readonly Answer[]): this {
    this.#answers.set(target, [...answers]);
    return this;
  }

  paths(): string[] {
    return this.asked.map((one) => one.path);
  }

  /** How often a path was asked for. */
  times(target: string): number {
    return this.asked.filter((one) => one.path === target).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) await new Promise((resolve) => server.close(resolve));
  }
}

export const file =
  (content: string | Uint8Array, headers: http.OutgoingHttpHeaders = {}): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml', ...headers }).end(content);
  };

export const status =
  (code: number, headers: http.OutgoingHttpHeaders = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers).end();
  };

/** A file with a strong ETag, conditional requests and ranges. `cutAt`: the connection breaks there, once per element. */
export function rangedFile(
  content: () => Uint8Array,
  etag: () => string,
  cuts: number[] = [],
  more: http.OutgoingHttpHeaders = {},
): Answer {
  return (request, response) => {
    const tag = etag();
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, { etag: tag }).end();
      return;
    }
    const bytes = content();
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
    const from = range !== null && isSame ? Number(range[1]) : 0;
    const part = bytes.subarray(from);
    const headers = { 'content-type': 'application/xml', etag: tag, 'content-length': part.length, ...more };
    if (from > 0)
      response.writeHead(206, {
        ...headers,
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      });
    else response.writeHead(200, headers);
    const cut = cuts.shift();
    if (cut === undefined) response.end(part);
    // Closed and not reset: what was sent arrives, however busy the machine is.
    else response.write(part.subarray(0, cut), () => response.socket?.end());
  };
}

export interface Reader {
  readonly web: Web;
  readonly client: HttpClient;
  readonly policy: NetworkPolicy;
  readonly downloads: Downloads;
  readonly limits: Limits;
  /** Pauses that were made, in milliseconds of the test's clock. */
  readonly pauses: number[];
}

export interface ReaderOptions {
  readonly folder?: string;
  readonly limits?: Partial<Limits>;
  readonly settings?: Partial<NetworkSettings>;
  /** Other than the real one over the real network of this machine. */
  readonly client?: HttpClient;
}

/** The real client and the polite layer. Time passes only while somebody waits. */
export function readerOf(publisher: Publisher, options: ReaderOptions = {}): Reader {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const settings = { enabled: true, hosts: [], loopback: true, ...options.settings };
  const policy = new NetworkPolicy(settings);
  const client = options.client ?? new NodeHttpClient({ policy, limits, ca: CA });
  const pauses: number[] = [];
  const pause: Pause = (ms, signal) => {
    signal.throwIfAborted();
    pauses.push(ms);
    publisher.clock.advance(ms);
    return Promise.resolve();
  };
  const { clock } = publisher;
  const random = new SeededRandom(1);
  const web = new Web({
    client,
    policy,
    clock,
    random,
    pause,
    limits,
    userAgent: 'Fractal/test (mailto:esh@example.org)',
  });
  const downloads = new Downloads({
    web,
    fs: nodeFileSystem,
    clock,
    random,
    limits,
    folder: options.folder ?? '',
  });
  return { web, client, policy, downloads, limits, pauses };
}

/** Leads every https host to the publisher; the host goes along in a header of its own. */
export function rerouted(publisher: Publisher): HttpClient {
  const policy = new NetworkPolicy({ enabled: true, hosts: [], loopback: true });
  const inner = new NodeHttpClient({ policy, limits: DEFAULT_LIMITS, ca: CA });
  return {
    send: (request) => {
      const url = new URL(request.url.pathname + request.url.search, publisher.url('/', 'https'));
      return inner.send({ ...request, url, headers: { ...request.headers, 'x-host': request.url.host } });
    },
    close: () => inner.close(),
  };
}

export const never = new AbortController().signal;
