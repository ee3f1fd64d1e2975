/** Reads the metadata of a CLML file into facts. */
import { oneLine } from '../text.ts';
import { rawText } from '../xml/tree.ts';
import type { XmlElement } from '../xml/tree.ts';
import type { ClmlFacts } from './identity.ts';

/** Metadata that is looked into; of the rest only {@link FACTS} are read. */
const METADATA: ReadonlySet<string> = new Set(
  'Metadata PrimaryMetadata SecondaryMetadata EUMetadata DocumentClassification ComingIntoForce'.split(' '),
);
const FACTS: ReadonlySet<string> = new Set(
  'identifier title valid language DocumentMainType Year Number AlternativeNumber DateTime'.split(' '),
);
/** Titles of acts have fewer than 1,000 characters. */
const FACT_CHARS = 2000;

/** What to do with an element of the metadata. */
export function metadataStep(name: string): 'enter' | 'take' | 'skip' {
  if (METADATA.has(name)) return 'enter';
  return FACTS.has(name) ? 'take' : 'skip';
}

/** Notes down what one element says. */
export function learn(facts: ClmlFacts, { name, children, attributes }: XmlElement): void {
  const text = oneLine(children.map(rawText).join('')).slice(0, FACT_CHARS);
  const value = attributes['Value'];
  switch (name) {
    case 'identifier':
      // Some files list an ISBN as a second identifier.
      if (/legislation\.gov\.uk/.test(text)) facts.identifier ??= text;
      break;
    case 'title':
      facts.title ??= text;
      break;
    case 'valid':
      facts.valid ??= text;
      break;
    case 'language':
      facts.language ??= text;
      break;
    case 'DocumentMainType':
      if (value !== undefined) facts.mainType ??= value;
      break;
    case 'Year':
      if (value !== undefined) facts.year ??= value;
      break;
    case 'Number':
      if (value !== undefined) facts.number ??= value;
      break;
    case 'AlternativeNumber': {
      const category = attributes['Category'] ?? '';
      facts.alternative ??= `${category === 'NI' ? 'N.I.' : `${category}.`} ${value ?? ''}`.trim();
      break;
    }
    case 'DateTime':
      if (attributes['Date'] !== undefined) facts.comingIntoForce.push(attributes['Date']);
  }
}
