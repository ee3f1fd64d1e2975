/** Any file by its https address. */
import { alone, type Source, type SourceItem } from '../source.ts';
import { shownUrl, urlOf } from '../url.ts';

const NAME_CHARS_MAX = 120;

/** `robots`: whether nobody asked for this very address, so that robots.txt speaks of it. */
export function webPage(address: string, robots: boolean): Source {
  const url = urlOf(address);
  url.hash = '';
  return alone({
    word: url.href,
    one: () => Promise.resolve(pageItem(url, robots, shownUrl(url), '')),
  });
}

export function pageItem(url: URL, robots: boolean, key: string, position: string): SourceItem {
  return {
    key,
    position,
    requests: [{ url, headers: { accept: '*/*' }, robots }],
    name: fileName(url),
    expect: [],
    inForceFrom: undefined,
  };
}

/** The last part of the path as a plain file name: its ending, and for records its whole, tell what it holds. */
function fileName(url: URL): string {
  const last = url.pathname.split('/').findLast((part) => part !== '') ?? '';
  const plain = decoded(last)
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ -]/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '');
  return plain === '' ? 'document' : plain.slice(-NAME_CHARS_MAX);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
