/** A feed in Atom or RSS: each entry leads to a document. */
import { sha256, type Limits } from '../../../base/index.ts';
import { parseXml, type XmlAttributes, type XmlSink } from '../../xml/xml.ts';
import { inOrder, newestBy, type Listings, type Source, type SourceItem } from '../source.ts';
import { unexpected } from '../listings.ts';
import { shownUrl, urlOf } from '../url.ts';
import { pageItem } from './web-page.ts';

export interface FeedOptions {
  readonly limits: Limits;
  /** The publisher's own way to a document, for addresses that are known. */
  readonly recognise: (url: URL) => Source | undefined;
}

export class FeedSource implements Source {
  readonly kind = 'stream';
  readonly word: string;
  readonly #url: URL;
  readonly #options: FeedOptions;

  constructor(address: string, options: FeedOptions) {
    this.#url = urlOf(address);
    this.#url.hash = '';
    this.#options = options;
    this.word = `feed:${this.#url.href}`;
  }

  async one(listings: Listings, signal: AbortSignal): Promise<SourceItem> {
    const found = newestBy(await this.list(listings, '', signal), undefined);
    if (found === undefined) throw unexpected(this.#url, 'a feed that has entries');
    return found;
  }

  /** Entries without a time are always listed: only their own key tells whether they are new. */
  async list(listings: Listings, since: string, signal: AbortSignal): Promise<readonly SourceItem[]> {
    const accept = 'application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9';
    const request = { url: this.#url, headers: { accept }, robots: true };
    const text = await listings.text(request, signal);
    const reader = new FeedReader();
    const name = shownUrl(this.#url);
    const chunks = one(new TextEncoder().encode(text));
    const reading = parseXml({ name, chunks, limits: this.#options.limits }, reader)[Symbol.asyncIterator]();
    while ((await reading.next()).done !== true) signal.throwIfAborted();
    if (!reader.isFeed) throw unexpected(this.#url, 'a feed in Atom or RSS');
    return inOrder(
      reader.entries
        .map((entry) => this.#item(entry))
        .filter((item) => item.position === '' || item.position >= since),
    );
  }

  #item(entry: Entry): SourceItem {
    const best = entry.links.toSorted((a, b) => rank(b) - rank(a)).find((link) => rank(link) > 0);
    const at = Date.parse(entry.updated || entry.published);
    const position = Number.isNaN(at) ? '' : new Date(at).toISOString();
    const id = entry.id || (best?.href ?? '');
    const key = `${id.length > ID_CHARS_MAX ? sha256(id) : id}${position === '' ? '' : ` ${position}`}`;
    const url =
      best !== undefined && URL.canParse(best.href, this.#url.href)
        ? new URL(best.href, this.#url)
        : undefined;
    const nowhere = { key, position, requests: [], name: 'entry', expect: [], inForceFrom: undefined };
    if (url === undefined) return nowhere;
    const via = this.#options.recognise(url);
    return via === undefined ? pageItem(url, true, key, position) : { ...nowhere, via };
  }
}

const ID_CHARS_MAX = 400;

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

interface Link {
  readonly href: string;
  readonly rel: string;
  readonly type: string;
}

interface Entry {
  id: string;
  updated: string;
  published: string;
  readonly links: Link[];
}

/** Structured text before files, files before pages; 0: not the document. */
function rank({ rel, type, href }: Link): number {
  if (!['alternate', 'enclosure', ''].includes(rel) || href === '') return 0;
  if (/(?:\/|\+)xml\b/.test(type) && !/atom|rss|rdf|xhtml|akn/.test(type)) return 3;
  if (rel === 'enclosure' || type === 'application/pdf') return 2;
  return 1;
}

/** Fields of an entry that are text. */
const FIELDS: Readonly<Record<string, 'id' | 'updated' | 'published'>> = {
  id: 'id',
  guid: 'id',
  updated: 'updated',
  published: 'published',
  pubDate: 'published',
  date: 'published',
};

class FeedReader implements XmlSink {
  readonly entries: Entry[] = [];
  isFeed = false;
  #depth = 0;
  #entry: Entry | undefined;
  #entryDepth = 0;
  #field = '';
  #text = '';

  open(name: string, attributes: XmlAttributes): void {
    this.#depth++;
    if (this.#depth === 1) this.isFeed = ['feed', 'rss', 'RDF'].includes(name);
    if (this.#entry === undefined) {
      if (name !== 'entry' && name !== 'item') return;
      this.#entry = { id: '', updated: '', published: '', links: [] };
      this.#entryDepth = this.#depth;
    } else if (this.#depth === this.#entryDepth + 1) {
      this.#field = name;
      this.#text = '';
      const { href, url, rel, type = '' } = attributes;
      if (name === 'link' && href !== undefined)
        this.#entry.links.push({ href: href.trim(), rel: rel ?? '', type });
      if (name === 'enclosure' && url !== undefined)
        this.#entry.links.push({ href: url.trim(), rel: 'enclosure', type });
    }
  }

  text(text: string): void {
    if (this.#entry !== undefined && this.#depth === this.#entryDepth + 1) this.#text += text;
  }

  close(): void {
    if (this.#entry !== undefined && this.#depth === this.#entryDepth + 1) this.#keep(this.#entry);
    if (this.#entry !== undefined && this.#depth === this.#entryDepth) {
      this.entries.push(this.#entry);
      this.#entry = undefined;
    }
    this.#depth--;
  }

  #keep(entry: Entry): void {
    const text = this.#text.trim();
    const field = FIELDS[this.#field];
    if (field !== undefined) entry[field] ||= text;
    if (this.#field === 'link' && text !== '') entry.links.push({ href: text, rel: '', type: '' });
  }
}
