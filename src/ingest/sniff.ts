/** What the first bytes of a file tell. */

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
