/** From what was typed to a source: short names, addresses of known publishers, feeds, any https address. */
import { badInputError, type Limits } from '../../base/index.ts';
import { ecfr } from './adapters/ecfr.ts';
import { eurlex } from './adapters/eurlex.ts';
import { federalRegister } from './adapters/federal-register.ts';
import { FeedSource } from './adapters/feed.ts';
import { legislationUk } from './adapters/legislation-uk.ts';
import { webPage } from './adapters/web-page.ts';
import type { Adapter, Source } from './source.ts';

const ADAPTERS: readonly Adapter[] = [ecfr, federalRegister, legislationUk, eurlex];

/** Pages of publishers, and the short name of what they show. Nothing is fetched from the page itself. */
const PAGES: readonly (readonly [host: string, page: RegExp, word: string])[] = [
  ['www.ecfr.gov', /^\/api\/versioner\/v1\/full\/([\d-]+)\/title-(\d+)\.xml\?part=(\w+)$/, 'ecfr:$2/$3@$1'],
  [
    'www.ecfr.gov',
    /^\/api\/versioner\/v1\/full\/([\d-]+)\/title-(\d+)\.xml\?part=\w+&section=([\w.-]+)$/,
    'ecfr:$2/$3@$1',
  ],
  ['www.ecfr.gov', /^\/current\/title-(\d+)\/(?:[\w-]+\/)*section-([\w.-]+)$/, 'ecfr:$1/$2'],
  ['www.ecfr.gov', /^\/current\/title-(\d+)\/(?:[\w-]+\/)*part-(\w+)$/, 'ecfr:$1/$2'],
  ['www.ecfr.gov', /^\/on\/([\d-]+)\/title-(\d+)\/(?:[\w-]+\/)*section-([\w.-]+)$/, 'ecfr:$2/$3@$1'],
  ['www.ecfr.gov', /^\/on\/([\d-]+)\/title-(\d+)\/(?:[\w-]+\/)*part-(\w+)$/, 'ecfr:$2/$3@$1'],
  ['www.federalregister.gov', /^\/documents\/\d{4}\/\d\d\/\d\d\/([\w-]+?)(?:\/[\w-]*)?$/, 'fr:$1'],
  ['www.federalregister.gov', /^\/d\/([\w-]+)$/, 'fr:$1'],
  ['www.federalregister.gov', /^\/documents\/full_text\/xml\/\d{4}\/\d\d\/\d\d\/([\w-]+)\.xml$/, 'fr:$1'],
  [
    'www.legislation.gov.uk',
    /^\/(?:id\/)?([a-z]+\/[\w-]+(?:\/[\d-]+)?\/\d+)\/(\d{4}-\d\d-\d\d|made|enacted|adopted|created)(?:\/data\.xml)?$/,
    'uk:$1@$2',
  ],
  [
    'www.legislation.gov.uk',
    /^\/(?:id\/)?([a-z]+\/[\w-]+(?:\/[\d-]+)?\/\d+)(?:\/contents)?(?:\/data\.xml)?$/,
    'uk:$1',
  ],
  ['eur-lex.europa.eu', /^\/legal-content\/EN\/(?:TXT|ALL)\/(?:HTML\/)?\?uri=CELEX:([\w-]+)$/, 'eu:$1'],
  ['publications.europa.eu', /^\/resource\/celex\/([\w-]+)$/, 'eu:$1'],
];

/** Whether a word names something elsewhere rather than a file here. */
export function isSourceName(word: string): boolean {
  return /^(?:https?:\/\/|feed:|(?:ecfr|fr|uk|eu):)/i.test(word);
}

/** Forms of source names, for help: how it is written, what it means. */
export const SOURCE_FORMS: readonly (readonly [form: string, meaning: string])[] = [
  ...ADAPTERS.map(({ form, meaning }) => [form, meaning] as const),
  ['feed:URL', 'the documents that a feed (Atom or RSS) leads to'],
  ['https://…', 'a file by its address; pages of the publishers above are recognised'],
];

/** `standing`: asked for again and again by the node itself, so that robots.txt speaks of it. */
export function sourceNamed(word: string, limits: Limits, standing = false): Source {
  const [scheme = ''] = word.split(':', 1);
  const name = scheme.toLowerCase();
  const rest = word.slice(scheme.length + 1);
  if (name === 'feed') return new FeedSource(rest, { limits, recognise });
  const adapter = ADAPTERS.find((one) => one.scheme === name);
  if (adapter !== undefined) {
    const found = adapter.parse(rest);
    if (found !== undefined) return found;
    throw badInputError(
      'source.name',
      `${adapter.scheme}: names ${adapter.meaning}, and is written ${adapter.form}`,
      'docs/sources.md has examples of each.',
    );
  }
  const page = webPage(word, standing);
  return recognise(new URL(page.word)) ?? page;
}

function recognise(url: URL): Source | undefined {
  // Old addresses say http. Nothing is asked of the page itself.
  const path = url.pathname + decodeURIComponentSafe(url.search);
  for (const [host, page, word] of PAGES) {
    if (url.host !== host || !page.test(path)) continue;
    const [scheme = '', rest = ''] = path.replace(page, word).split(/:(.*)/);
    const found = ADAPTERS.find((adapter) => adapter.scheme === scheme)?.parse(rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
