/**
 * EU law from Cellar, the store of the EU Publications Office behind EUR-Lex: content negotiation by CELEX number, and
 * consolidated versions by its SPARQL endpoint. The pages of eur-lex.europa.eu themselves are for people.
 */
import { notFoundError } from '../../../base/index.ts';
import { listField, textField } from '../json.ts';
import { unexpected } from '../listings.ts';
import { inOrder, newestBy, type Adapter, type Listings, type Source, type SourceItem } from '../source.ts';
import type { WebRequest } from '../web.ts';

const SITE = 'https://publications.europa.eu';
const WORD = /^3(\d{4}[A-Z]{1,2}\d{4})(?:@(\d{4})-(\d{2})-(\d{2}))?$/;
const CONSOLIDATED = /^0(\d{4}[A-Z]{1,2}\d{4})-(\d{4})(\d{2})(\d{2})$/;

export const eurlex: Adapter = {
  scheme: 'eu',
  form: 'eu:CELEX[@DATE]',
  meaning: 'an act of the EU as published, or as consolidated on a day',
  parse(rest) {
    const [, act, year, month, day] = WORD.exec(rest) ?? CONSOLIDATED.exec(rest) ?? [];
    if (act === undefined) return undefined;
    return new EuSource(act, year === undefined ? undefined : `${year}-${month}-${day}`);
  },
};

class EuSource implements Source {
  readonly word: string;
  readonly kind: Source['kind'];
  readonly #act: string;
  readonly #date: string | undefined;

  constructor(act: string, date: string | undefined) {
    this.#act = act;
    this.#date = date;
    this.kind = date === undefined ? 'versions' : 'document';
    this.word = `eu:3${act}${date === undefined ? '' : `@${date}`}`;
  }

  /** Without a day the act as published; with one the consolidated text of that day. */
  async one(listings: Listings, signal: AbortSignal): Promise<SourceItem> {
    if (this.#date === undefined) return this.#item(undefined);
    const found = newestBy(await this.#versions(listings, signal), this.#date);
    if (found !== undefined) return found;
    throw notFoundError(
      'source.version',
      `the EU Publications Office lists no consolidated text of ${this.word}`,
      'Leave the date away for the act as published; `fractal source versions` shows what there is.',
    );
  }

  async list(listings: Listings, since: string, signal: AbortSignal): Promise<readonly SourceItem[]> {
    if (this.#date !== undefined) return [await this.one(listings, signal)];
    const items = [this.#item(undefined), ...(await this.#versions(listings, signal))];
    return inOrder(items).filter((item) => item.position >= since);
  }

  async #versions(listings: Listings, signal: AbortSignal): Promise<readonly SourceItem[]> {
    const url = new URL(`${SITE}/webapi/rdf/sparql`);
    url.searchParams.set('query', queryFor(this.#act));
    url.searchParams.set('format', 'application/sparql-results+json');
    const headers = { accept: 'application/sparql-results+json' };
    const rows = listField(
      await listings.json({ url, headers, robots: false }, signal),
      'results',
      'bindings',
    );
    if (rows === undefined) throw unexpected(new URL(url.pathname, url), 'query results');
    const days = rows.flatMap((row) => {
      const [, act, year, month, day] = CONSOLIDATED.exec(textField(row, 'celex', 'value') ?? '') ?? [];
      // An act that amends another one is also said to be part of its consolidated text.
      return act === this.#act ? [`${year}-${month}-${day}`] : [];
    });
    return inOrder([...new Set(days)].map((day) => this.#item(day)));
  }

  #item(day: string | undefined): SourceItem {
    const celex = day === undefined ? `3${this.#act}` : `0${this.#act}-${day.replaceAll('-', '')}`;
    const request = (accept: string): WebRequest => ({
      url: new URL(`${SITE}/resource/celex/${celex}`),
      headers: { accept, 'accept-language': 'eng' },
      robots: false,
    });
    return {
      key: celex,
      position: day ?? '',
      // An act whose Formex has several files is not given as Formex by its number alone.
      requests: [request('application/xml;type=fmx4'), request('application/xhtml+xml')],
      name: `${celex}.xml`,
      expect: ['formex', 'eurlex-xhtml'],
      inForceFrom: day,
    };
  }
}

const queryFor = (act: string): string =>
  `prefix cdm: <http://publications.europa.eu/ontology/cdm#>
prefix xsd: <http://www.w3.org/2001/XMLSchema#>
select distinct ?celex where {
  ?act cdm:resource_legal_id_celex "3${act}"^^xsd:string .
  ?text cdm:act_consolidated_consolidates_resource_legal ?act ; cdm:resource_legal_id_celex ?celex .
} order by ?celex`;
