/** Lists and feeds over the web, whole and within bounds. */
import { badInputError, unavailableError, type Limits } from '../../base/index.ts';
import type { Listings } from './source.ts';
import { shownUrl } from './url.ts';
import type { Web, WebAnswer, WebRequest } from './web.ts';

export class WebListings implements Listings {
  readonly #web: Web;
  readonly #limits: Limits;

  constructor(web: Web, limits: Limits) {
    this.#web = web;
    this.#limits = limits;
  }

  async json(request: WebRequest, signal: AbortSignal): Promise<unknown> {
    const text = await this.text(
      { ...request, headers: { accept: 'application/json', ...request.headers } },
      signal,
    );
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw unexpected(request.url, 'JSON');
    }
  }

  async text(request: WebRequest, signal: AbortSignal, until?: string): Promise<string> {
    // Unpacked lists are small enough, and need no second bound.
    const plain = { ...request, headers: { ...request.headers, 'accept-encoding': 'identity' } };
    return await this.#web.get(
      () => Promise.resolve(plain),
      (answer) => this.#read(answer, until),
      signal,
    );
  }

  async #read(answer: WebAnswer, until: string | undefined): Promise<string> {
    if (answer.status !== 200 || (answer.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw unexpected(answer.url, 'a whole list');
    const decoder = new TextDecoder();
    const parts: string[] = [];
    let bytes = 0;
    let tail = '';
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > this.#limits.fetch_listing_bytes)
        throw badInputError(
          'http.listing_bytes',
          `${shownUrl(answer.url)} is longer than ${this.#limits.fetch_listing_bytes} bytes`,
          'Raise fetch_listing_bytes in fractal.json.',
        );
      const part = decoder.decode(chunk, { stream: true });
      parts.push(part);
      if (until === undefined) continue;
      tail = (tail + part).slice(-(part.length + until.length));
      if (tail.includes(until)) break;
    }
    return parts.join('');
  }
}

/** The publisher answered in another form than it documents. */
export const unexpected = (url: URL, wanted: string): Error =>
  unavailableError(
    'source.answer',
    `${shownUrl(url)} did not answer with ${wanted}`,
    'Try again later. If it stays so the publisher has changed its interface: import a file instead.',
  );
