/** Picks the reader of a file by its first bytes, or says what the file is instead. */
import { badInputError } from '../base/index.ts';
import { aknReader } from './akn/akn.ts';
import { cfrAnnualReader } from './cfr-annual.ts';
import { clmlReader } from './clml.ts';
import { ecfrReader } from './ecfr.ts';
import { formexReader } from './eurlex/formex.ts';
import { eurlexXhtmlReader } from './eurlex/xhtml.ts';
import { federalRegisterReader } from './federal-register/federal-register.ts';
import type { Reader, Sniff } from './reader.ts';
import { cfrJsonReader, htmlReader, markdownReader } from './plain/index.ts';
import { pdfReader } from './pdf/index.ts';
import { rootElement } from './sniff.ts';

/** All readers. */
export const READERS: readonly Reader[] = [
  ecfrReader,
  cfrAnnualReader,
  clmlReader,
  formexReader,
  eurlexXhtmlReader,
  aknReader,
  federalRegisterReader,
  cfrJsonReader,
  htmlReader,
  markdownReader,
  pdfReader,
];

/** XML that is near to law and often fetched by mistake. */
const KNOWN_ROOTS: Readonly<Record<string, string>> = {
  EN: 'explanatory notes of legislation.gov.uk, which are not law',
  feed: 'an Atom feed, a list of documents and not a document',
  rss: 'an RSS feed, a list of documents and not a document',
  RULE: 'a rule from the Federal Register',
  NOTICE: 'a metadata notice of the EU Publications Office',
  DOC: 'the cover file of a Formex document; import the ACT, CONS.ACT or ANNEX file beside it',
  PUBLICATION: 'a table of contents of the Official Journal in Formex',
  RDF: 'RDF metadata',
  ImpactAssessment: 'an impact assessment of legislation.gov.uk, which is not law',
};

/** Beginnings of other kinds of files. */
const MAGIC: readonly (readonly [RegExp, string])[] = [
  [/^PK\u0003\u0004/, 'a ZIP archive or Office document'],
  [/^\u001f(?:\u008b|\ufffd)/, 'a gzip archive'],
  [/^\s*[{[]/, 'JSON'],
];

/** The reader for a file. Throws `format.unknown` with what the file seems to be. */
export function detectReader(sniff: Sniff): Reader {
  const reader = READERS.find((candidate) => candidate.matches(sniff));
  if (reader !== undefined) return reader;
  throw badInputError(
    'format.unknown',
    `no reader for this format: ${whatItIs(sniff.head)}`,
    `Import one of: ${READERS.map(({ format, description }) => `${format} (${description})`).join('; ')}.`,
    { place: { source: sniff.name } },
  );
}

function whatItIs(head: string): string {
  const text = head.replace(/^\ufeff/, '');
  if (text.trim() === '') return 'the file is empty';
  const magic = MAGIC.find(([pattern]) => pattern.test(text));
  if (magic !== undefined) return magic[1];
  const root = rootElement(text);
  if (root === undefined)
    return text.trimStart().startsWith('<') ? 'not well-formed XML' : 'neither XML nor a known file type';
  // Only names of ordinary length are repeated: the name could be anything.
  return (
    KNOWN_ROOTS[root] ?? (root.length <= 40 ? `XML with the root element ${root}` : 'XML of an unknown kind')
  );
}
