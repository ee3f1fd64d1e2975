/**
 * The eCFR by its versioner API. A part, or a section, has a version for each day on which something in it changed; the
 * XML carries no date, so the day of the version dates it.
 */
import { FIXED_LIMITS, notFoundError } from '../../../base/index.ts';
import { field, listField, textField } from '../json.ts';
import { unexpected } from '../listings.ts';
import { inOrder, newestBy, type Adapter, type Listings, type Source, type SourceItem } from '../source.ts';
import type { WebRequest } from '../web.ts';

const API = 'https://www.ecfr.gov/api/versioner/v1';
const WORD = /^(\d{1,2})\/(\d{1,4}[a-z]{0,2})(\.[\w.-]{1,20}?)?(?:@(\d{4}-\d{2}-\d{2}))?$/i;

export const ecfr: Adapter = {
  scheme: 'ecfr',
  form: 'ecfr:TITLE/PART[.SECTION][@DATE]',
  meaning: 'a part or section of the US Code of Federal Regulations',
  parse(rest) {
    const [, title, part, section, date] = WORD.exec(rest) ?? [];
    return title === undefined || part === undefined
      ? undefined
      : new EcfrSource(String(Number(title)), part, section === undefined ? undefined : part + section, date);
  },
};

class EcfrSource implements Source {
  readonly word: string;
  readonly kind: Source['kind'];
  readonly documentId: string;
  readonly #title: string;
  readonly #part: string;
  readonly #section: string | undefined;
  readonly #date: string | undefined;

  constructor(title: string, part: string, section: string | undefined, date: string | undefined) {
    this.#title = title;
    this.#part = part;
    this.#section = section;
    this.#date = date;
    const unit = section ?? part;
    this.kind = date === undefined ? 'versions' : 'document';
    this.word = `ecfr:${title}/${unit}${date === undefined ? '' : `@${date}`}`;
    this.documentId = `us/cfr/${title}/${unit}`;
  }

  async one(listings: Listings, signal: AbortSignal): Promise<SourceItem> {
    const found = newestBy(await this.#versions(listings, signal), this.#date);
    if (found !== undefined) return found;
    throw notFoundError(
      'source.version',
      `the eCFR lists no version of ${this.word}`,
      'Check the numbers and the date; `fractal source versions` shows what it has.',
    );
  }

  async list(listings: Listings, since: string, signal: AbortSignal): Promise<readonly SourceItem[]> {
    if (this.#date !== undefined) return [await this.one(listings, signal)];
    return (await this.#versions(listings, signal)).filter((item) => item.position >= since);
  }

  async #versions(listings: Listings, signal: AbortSignal): Promise<readonly SourceItem[]> {
    const days = new Set<string>();
    for (let page = 1; page <= FIXED_LIMITS.fetch_pages.value; page++) {
      const url = this.#url(`versions/title-${this.#title}.json`);
      if (page > 1) url.searchParams.set('page', String(page));
      const answer = await listings.json({ url, headers: {}, robots: false }, signal);
      const versions = listField(answer, 'content_versions');
      if (versions === undefined) throw unexpected(url, 'a list of versions');
      for (const version of versions) {
        const day = textField(version, 'date');
        if (day !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(day)) days.add(day);
      }
      const pages = Number(field(answer, 'meta', 'total_pages') ?? 1);
      if (!(page < pages)) return inOrder([...days].map((day) => this.#item(day)));
    }
    throw unexpected(this.#url(`versions/title-${this.#title}.json`), 'a list of versions that ends');
  }

  #item(day: string): SourceItem {
    const url = this.#url(`full/${day}/title-${this.#title}.xml`);
    const request: WebRequest = { url, headers: { accept: 'application/xml' }, robots: false };
    return {
      key: day,
      position: day,
      requests: [request],
      name: `title-${this.#title}-${this.#section ?? `part-${this.#part}`}-${day}.xml`,
      expect: ['ecfr'],
      inForceFrom: day,
    };
  }

  #url(path: string): URL {
    const url = new URL(`${API}/${path}`);
    url.searchParams.set('part', this.#part);
    if (this.#section !== undefined) url.searchParams.set('section', this.#section);
    return url;
  }
}
