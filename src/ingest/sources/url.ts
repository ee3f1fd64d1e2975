/** Addresses and dates as HTTP writes them. */
import { badInputError, type Clock } from '../../base/index.ts';

/** Hosts whose addresses hold no secrets, so that queries may be shown and kept. */
const PUBLISHERS: ReadonlySet<string> = new Set([
  'www.ecfr.gov',
  'www.federalregister.gov',
  'www.legislation.gov.uk',
  'publications.europa.eu',
]);

/** The address for messages and records. A query may hold a key, so those of unknown hosts are left out. */
export function shownUrl(url: URL): string {
  const query = PUBLISHERS.has(url.host) ? url.search : url.search === '' ? '' : '?…';
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}

export function urlOf(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw badInputError('http.url', 'the address cannot be read', 'Write it as https://HOST/PATH.');
}

/** `Retry-After` as milliseconds from now: seconds or a date; 0 when it is neither. */
export function retryAfterMs(value: string | undefined, clock: Clock): number {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - clock.now());
}
