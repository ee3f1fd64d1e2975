/**
 * Asking other people's servers politely: one request per host at a time, a pause between two, `Retry-After` and
 * robots.txt followed, failures tried again with growing pauses and jitter, a name and a contact given. All of it bounded.
 */
import {
  FIXED_LIMITS,
  FractalError,
  Serial,
  badInputError,
  deniedError,
  notFoundError,
  unavailableError,
  type Clock,
  type Limits,
  type Pause,
  type Random,
} from '../../base/index.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { forbiddenAddress, type NetworkPolicy } from './network.ts';
import { ALLOW_ALL, ALLOW_NONE, parseRobots, type Robots } from './robots.ts';
import { retryAfterMs, shownUrl } from './url.ts';

export interface WebPorts {
  readonly client: HttpClient;
  readonly policy: NetworkPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly pause: Pause;
  readonly limits: Limits;
  /** The `User-Agent`; its first word, up to the slash, is our name in robots.txt. */
  readonly userAgent: string;
}

export interface WebRequest {
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether robots.txt speaks of this request: yes for what we found ourselves, no for a documented API. */
  readonly robots: boolean;
}

export interface WebAnswer extends HttpAnswer {
  /** Where the answer came from in the end. */
  readonly url: URL;
}

interface Host {
  readonly turns: Serial;
  /** Monotonic time before which nothing is asked. */
  next: number;
  robots: { readonly rules: Robots; readonly until: number } | undefined;
}

/** Failures that may pass. `http.cut` is thrown by those who read an answer and find it wrong. */
const PASSING: ReadonlySet<string> = new Set(['http.network', 'http.timeout', 'http.busy', 'http.cut']);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const ANSWERS: ReadonlySet<number> = new Set([200, 206, 304, 416]);
const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Not there, gone, or not in the form asked for. 300 is how the EU Publications Office says the last. */
const ABSENT: ReadonlySet<number> = new Set([300, 404, 406, 410]);

export class Web {
  readonly #ports: WebPorts;
  readonly #hosts = new Map<string, Host>();

  constructor(ports: WebPorts) {
    this.#ports = ports;
  }

  /**
   * One GET until `use` has read the answer, tried again while failures may pass. `next` makes the request anew for each
   * try. `use` sees 200, 206, 304 and 416; everything else is an error here.
   */
  async get<T>(
    next: () => Promise<WebRequest>,
    use: (answer: WebAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { limits, random, pause } = this.#ports;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#follow(await next(), use, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof FractalError) || !PASSING.has(error.code) || attempt >= limits.fetch_tries)
          throw error;
        const [a = 0, b = 0] = random.bytes(2);
        const jitter = 0.5 + (a * 256 + b) / 131_072;
        const growing = Math.round(limits.fetch_retry_pause_ms * 2 ** (attempt - 1) * jitter);
        await pause(Math.min(growing, limits.fetch_retry_pause_max_ms), signal);
      }
    }
  }

  async #follow<T>(
    request: WebRequest,
    use: (answer: WebAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { policy } = this.#ports;
    let url = request.url;
    let from: URL | undefined;
    for (let redirects = 0; redirects <= FIXED_LIMITS.fetch_redirects.value; redirects++) {
      policy.check(url, from);
      if (request.robots) await this.#obey(url, signal);
      const outcome = await this.#turn(url, request, use, signal);
      if ('value' in outcome) return outcome.value;
      from = url;
      url = outcome.redirect;
    }
    throw badInputError(
      'http.redirects',
      `${shownUrl(request.url)} led to more than ${FIXED_LIMITS.fetch_redirects.value} other addresses`,
      'Open it in a browser and give the address where it ends.',
    );
  }

  /** One exchange, while no other with the same host runs. */
  async #turn<T>(
    url: URL,
    request: WebRequest,
    use: (answer: WebAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly value: T } | { readonly redirect: URL }> {
    const { client, clock, limits, userAgent } = this.#ports;
    const host = this.#host(url);
    return await host.turns.run(async () => {
      await this.#wait(host, url, signal);
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(tooSlow(url)), limits.fetch_time_ms);
      let answer: HttpAnswer | undefined;
      try {
        const headers = { 'user-agent': userAgent, 'accept-encoding': 'gzip', ...request.headers };
        answer = await client.send({ url, headers, signal: AbortSignal.any([signal, late.signal]) });
        const redirect = redirectOf(answer, url);
        if (redirect !== undefined) return { redirect };
        this.#judge(answer, url, host);
        return { value: await use({ ...answer, url }) };
      } finally {
        clearTimeout(timer);
        answer?.close();
        const pause = Math.max(limits.fetch_host_pause_ms, host.robots?.rules.delayMs ?? 0);
        host.next = Math.max(host.next, clock.monotonic() + Math.min(pause, limits.fetch_retry_pause_max_ms));
      }
    });
  }

  async #wait(host: Host, url: URL, signal: AbortSignal): Promise<void> {
    const { clock, limits, pause } = this.#ports;
    const ms = host.next - clock.monotonic();
    if (ms > limits.fetch_retry_pause_max_ms)
      throw unavailableError(
        'http.wait',
        `${url.host} asks us to wait for ${Math.ceil(ms / 1000)} s`,
        'Give the command again after that time.',
      );
    if (ms > 0) await pause(ms, signal);
    else signal.throwIfAborted();
  }

  #judge(answer: HttpAnswer, url: URL, host: Host): void {
    const { status } = answer;
    if (ANSWERS.has(status)) return;
    const said = `${shownUrl(url)} answered ${status}`;
    if (BUSY.has(status)) {
      const after = retryAfterMs(answer.headers['retry-after'], this.#ports.clock);
      host.next = Math.max(host.next, this.#ports.clock.monotonic() + after);
      throw unavailableError('http.busy', said, 'The server is busy or out of order: try again later.');
    }
    if (ABSENT.has(status))
      throw notFoundError('http.absent', said, 'Check the address, the number and the date.');
    if (status === 401 || status === 403)
      throw deniedError(
        'http.denied',
        said,
        'The publisher does not let us have it: download it yourself and import the file.',
      );
    throw unavailableError(
      'http.status',
      `${said}, which is no document`,
      'Open the address in a browser to see what it says.',
    );
  }

  async #obey(url: URL, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    const host = this.#host(url);
    if (host.robots === undefined || host.robots.until <= clock.monotonic())
      host.robots = {
        rules: await this.#readRobots(url, signal),
        until: clock.monotonic() + FIXED_LIMITS.robots_age_ms.value,
      };
    if (!host.robots.rules.allows(url))
      throw deniedError(
        'http.robots',
        `the robots.txt of ${url.host} asks programs not to fetch ${shownUrl(url)}`,
        'Download the file yourself and import it.',
      );
  }

  /** What cannot be read for now forbids everything, what is not there nothing (RFC 9309 §2.3.1). */
  async #readRobots(url: URL, signal: AbortSignal): Promise<Robots> {
    const request = { url: new URL('/robots.txt', url), headers: {}, robots: false };
    const agent = (this.#ports.userAgent.split('/')[0] ?? '').toLowerCase();
    try {
      return await this.get(
        () => Promise.resolve({ ...request, headers: { 'accept-encoding': 'identity' } }),
        async (answer) => parseRobots(await beginningOf(answer), agent),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FractalError)) throw error;
      if (error.code === 'http.absent' || error.code === 'http.denied') return ALLOW_ALL;
      if (PASSING.has(error.code) || error.code === 'http.status') return ALLOW_NONE;
      throw error;
    }
  }

  #host(url: URL): Host {
    const found = this.#hosts.get(url.host);
    if (found !== undefined) return found;
    const idle = [...this.#hosts].find(([, host]) => host.turns.length === 0);
    if (this.#hosts.size >= FIXED_LIMITS.fetch_hosts.value && idle !== undefined) this.#hosts.delete(idle[0]);
    const made = { turns: new Serial(), next: 0, robots: undefined };
    this.#hosts.set(url.host, made);
    return made;
  }
}

async function beginningOf(answer: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= FIXED_LIMITS.robots_bytes.value) break;
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Where an answer leads. An http address of the same host is asked by https: some publishers still name the former. */
function redirectOf(answer: HttpAnswer, url: URL): URL | undefined {
  if (!REDIRECTS.has(answer.status)) return undefined;
  const { location } = answer.headers;
  if (location === undefined || !URL.canParse(location, url.href))
    throw unavailableError(
      'http.redirect',
      `${shownUrl(url)} leads on without saying where`,
      'Open it in a browser and give the address where it ends.',
    );
  const target = new URL(location, url);
  if (target.protocol === 'http:' && url.protocol === 'https:' && target.host === url.hostname)
    target.protocol = 'https:';
  if (target.protocol === 'http:' && url.protocol === 'https:') throw downgrade(target);
  return target;
}

const downgrade = (target: URL): Error =>
  target.hostname === 'localhost' || /^[\d.[]/.test(target.hostname)
    ? forbiddenAddress(target.hostname)
    : badInputError(
        'http.scheme',
        'the address leads from https to http',
        'Open it in a browser and give the https address where it ends.',
      );

const tooSlow = (url: URL): Error =>
  unavailableError(
    'http.slow',
    `${url.host} took too long to send the document`,
    'Give the command again: it goes on from there if the server can. fetch_time_ms in fractal.json is the bound.',
  );
