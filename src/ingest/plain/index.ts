/** Readers of plain documents. */
export { cfrJsonReader } from './cfr-json.ts';
export { htmlReader } from './html.ts';
export { markdownReader } from './markdown.ts';
