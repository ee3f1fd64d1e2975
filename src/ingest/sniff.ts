/** What the first bytes of a file tell. */

export const SNIFF_BYTES = 16 * 1024;

/** The head of a file as text, by its byte order mark, UTF-8 otherwise; what cannot be decoded is replaced. */
export function decodeHead(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const label = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(label).decode(bytes);
}

/** What follows the comments at the beginning. */
export function withoutComments(head: string): string {
  let rest = head.replace(/^\ufeff?\s*/, '');
  for (let end = 0; rest.startsWith('<!--'); rest = rest.slice(end + 3).trimStart()) {
    end = rest.indexOf('-->', 4);
    if (end < 0) return '';
  }
  return rest;
}

/** Name of the root element, without prefix; undefined when the text does not begin like XML. */
export function rootElement(head: string): string | undefined {
  let rest = head.replace(/^\ufeff?\s*/, '');
  for (;;) {
    const skipped = /^(?:<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^[>]*(?:\[[^]*?\]\s*)?>)\s*/.exec(rest);
    if (skipped === null) break;
    rest = rest.slice(skipped[0].length);
  }
  return /^<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s/>]/.exec(rest)?.[1];
}
