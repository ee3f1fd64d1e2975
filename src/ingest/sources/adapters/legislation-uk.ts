/**
 * legislation.gov.uk: `/data.xml` behind the address of an act, and behind that of a point in time. Each text lists the
 * others in its metadata. Its fair-use policy asks that robots.txt be followed, though it is an API.
 */
import { notFoundError } from '../../../base/index.ts';
import { inOrder, newestBy, type Adapter, type Listings, type Source, type SourceItem } from '../source.ts';
import type { WebRequest } from '../web.ts';

const SITE = 'https://www.legislation.gov.uk';
/** Type, year (or reign and session), number. */
const ACT = '[a-z]{2,6}/(?:\\d{4}|[A-Z][A-Za-z0-9-]*/[\\d-]+)/\\d{1,6}';
/** How the first text of an act is called, by its type. */
const FIRST = 'enacted|made|adopted|created';
const WORD = new RegExp(`^(${ACT})(?:@(\\d{4}-\\d{2}-\\d{2}|${FIRST}))?$`);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export const legislationUk: Adapter = {
  scheme: 'uk',
  form: 'uk:TYPE/YEAR/NUMBER[@DATE|@made|@enacted]',
  meaning: 'an act or instrument of legislation.gov.uk',
  parse(rest) {
    const [, act, at] = WORD.exec(rest) ?? [];
    return act === undefined ? undefined : new UkSource(act, at);
  },
};

class UkSource implements Source {
  readonly word: string;
  readonly kind: Source['kind'];
  readonly documentId: string;
  readonly #act: string;
  readonly #at: string | undefined;

  constructor(act: string, at: string | undefined) {
    this.#act = act;
    this.#at = at;
    this.kind = at === undefined ? 'versions' : 'document';
    this.word = `uk:${act}${at === undefined ? '' : `@${at}`}`;
    this.documentId = `uk/${act}`;
  }

  /** The site answers a day between two versions with the text of that day, so the day asked for dates nothing. */
  one(): Promise<SourceItem> {
    return Promise.resolve({ ...this.#item(this.#at ?? '', ''), inForceFrom: undefined });
  }

  async list(listings: Listings, since: string, signal: AbortSignal): Promise<readonly SourceItem[]> {
    if (this.#at !== undefined) return [await this.one()];
    const head = await listings.text(this.#request(''), signal, '</ukm:Metadata>');
    const items = versionsOf(head, this.#act).map(([at, position]) => this.#item(at, position));
    if (newestBy(items, undefined) === undefined)
      throw notFoundError(
        'source.version',
        `legislation.gov.uk lists no version of ${this.word}`,
        'Check the number. Some acts are there as PDF only.',
      );
    return inOrder(items).filter((item) => item.position >= since);
  }

  #item(at: string, position: string): SourceItem {
    return {
      key: at === '' ? 'current' : at,
      position,
      requests: [this.#request(at)],
      name: `${this.#act.replaceAll('/', '-')}${at === '' ? '' : `-${at}`}.xml`,
      expect: ['clml'],
      inForceFrom: DAY.test(at) ? at : undefined,
    };
  }

  #request(at: string): WebRequest {
    const url = new URL(`${SITE}/${this.#act}${at === '' ? '' : `/${at}`}/data.xml`);
    return { url, headers: { accept: 'application/xml' }, robots: true };
  }
}

/**
 * Versions that a text names, its own with them: what stands behind the address of the act, and the position. The first
 * text has no day in its name and comes before all others. Texts that are not in force yet have no day either and are
 * left out until they have one.
 */
function versionsOf(head: string, act: string): readonly (readonly [at: string, position: string])[] {
  const found = new Map<string, string>();
  for (const [, tag = ''] of head.matchAll(/<(?:[\w-]{1,20}:)?link\b([^<>]{1,2000})>/g)) {
    if (!/\brel\s*=\s*"[^"]*\/hasVersion"/.test(tag)) continue;
    const href = /\bhref\s*=\s*"\s*([^"]*?)\s*"/.exec(tag)?.[1] ?? '';
    const path = URL.canParse(href) ? new URL(href).pathname.slice(1) : '';
    const at = path.startsWith(`${act}/`) ? path.slice(act.length + 1) : '';
    if (DAY.test(at)) found.set(at, at);
    else if (new RegExp(`^(?:${FIRST})$`).test(at)) found.set(at, '');
  }
  const own = /<dct:valid>\s*(\d{4}-\d{2}-\d{2})\s*<\/dct:valid>/.exec(head)?.[1];
  if (own !== undefined) found.set(own, own);
  return [...found];
}
