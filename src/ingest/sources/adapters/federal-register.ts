/** The Federal Register by its API: a document by number, or what was published about a part of the CFR. */
import { FIXED_LIMITS, notFoundError } from '../../../base/index.ts';
import { listField, textField } from '../json.ts';
import { unexpected } from '../listings.ts';
import {
  alone,
  inOrder,
  newestBy,
  type Adapter,
  type Listings,
  type Source,
  type SourceItem,
} from '../source.ts';

const API = 'https://www.federalregister.gov/api/v1';
const NUMBER = /^(?:[A-Z]\d-)?(?:\d{2,4}|[A-Z]\d?)-\d{1,6}$/;
const PART = /^(\d{1,2})\/(\d{1,4})$/;
const FIELDS = ['document_number', 'publication_date', 'effective_on', 'full_text_xml_url'];
const PER_PAGE = 100;

export const federalRegister: Adapter = {
  scheme: 'fr',
  form: 'fr:NUMBER or fr:TITLE/PART',
  meaning: 'a document of the US Federal Register, or its rules about a part of the CFR',
  parse(rest) {
    const [, title, part] = PART.exec(rest) ?? [];
    if (title !== undefined && part !== undefined) return new PartSource(String(Number(title)), part);
    if (!NUMBER.test(rest)) return undefined;
    return alone({
      word: `fr:${rest}`,
      async one(listings, signal) {
        const url = withFields(`${API}/documents/${rest}.json`);
        const answer = await listings.json({ url, headers: {}, robots: false }, signal);
        const item = itemOf(answer, url);
        if (item !== undefined) return item;
        throw notFoundError(
          'source.version',
          `the Federal Register has no XML of document ${rest}`,
          'Documents before 2000 have none: download the PDF and import it.',
        );
      },
    });
  },
};

class PartSource implements Source {
  readonly kind = 'stream';
  readonly word: string;
  readonly #title: string;
  readonly #part: string;

  constructor(title: string, part: string) {
    this.word = `fr:${title}/${part}`;
    this.#title = title;
    this.#part = part;
  }

  async one(listings: Listings, signal: AbortSignal): Promise<SourceItem> {
    const found = newestBy(await this.list(listings, '', signal), undefined);
    if (found !== undefined) return found;
    throw notFoundError(
      'source.version',
      `the Federal Register lists no rule about ${this.word}`,
      'Check the title and the part.',
    );
  }

  async list(listings: Listings, since: string, signal: AbortSignal): Promise<readonly SourceItem[]> {
    const items: SourceItem[] = [];
    for (let page = 1; page <= FIXED_LIMITS.fetch_pages.value; page++) {
      const url = withFields(`${API}/documents.json`);
      url.searchParams.set('conditions[cfr][title]', this.#title);
      url.searchParams.set('conditions[cfr][part]', this.#part);
      for (const type of ['RULE', 'PRORULE']) url.searchParams.append('conditions[type][]', type);
      if (since !== '') url.searchParams.set('conditions[publication_date][gte]', since);
      url.searchParams.set('order', 'oldest');
      url.searchParams.set('per_page', String(PER_PAGE));
      if (page > 1) url.searchParams.set('page', String(page));
      const answer = await listings.json({ url, headers: {}, robots: false }, signal);
      // Without a hit the list is left out.
      for (const document of listField(answer, 'results') ?? []) {
        const item = itemOf(document, url);
        if (item !== undefined) items.push(item);
      }
      if (textField(answer, 'next_page_url') === undefined) return inOrder(items);
    }
    throw unexpected(new URL(`${API}/documents.json`), 'a list that ends');
  }
}

function withFields(address: string): URL {
  const url = new URL(address);
  for (const name of FIELDS) url.searchParams.append('fields[]', name);
  return url;
}

/** Undefined when there is no XML of the document. */
function itemOf(document: unknown, listing: URL): SourceItem | undefined {
  const number = textField(document, 'document_number');
  const published = textField(document, 'publication_date');
  if (number === undefined || published === undefined) throw unexpected(listing, 'documents');
  const xml = textField(document, 'full_text_xml_url');
  if (xml === undefined || !URL.canParse(xml)) return undefined;
  return {
    key: number,
    position: published,
    requests: [{ url: new URL(xml), headers: { accept: 'application/xml' }, robots: false }],
    name: `${number}.xml`,
    expect: ['federal-register'],
    inForceFrom: textField(document, 'effective_on'),
  };
}
