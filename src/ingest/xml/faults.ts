/** What the XML parser complains about, in our codes and words. Its own messages quote the file, so they stay in `cause`. */

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
}

const MALFORMED = 'Fetch the file again from its source; if it is still malformed, report it there.';

const FAULTS: readonly (readonly [RegExp, Fault])[] = [
  [
    /must contain a root element/,
    { code: 'xml.empty', message: 'the file holds no XML element', cure: 'Fetch the file again.' },
  ],
  [
    /unclosed tag|unexpected end/,
    {
      code: 'xml.truncated',
      message: 'the file ends inside an element',
      cure: 'Fetch the file again: it is cut off.',
    },
  ],
  [
    /undefined entity|entity name/,
    {
      code: 'xml.undefined_entity',
      message: 'an entity is used that XML does not define',
      cure: 'Replace named entities by characters. Only lt, gt, amp, quot and apos are known; no DTD is ever read.',
    },
  ],
  [
    /malformed character entity/,
    {
      code: 'xml.character_reference',
      message: 'a character reference names no XML character',
      cure: MALFORMED,
    },
  ],
  [
    /text data outside of root node/,
    { code: 'xml.not_xml', message: 'there is text outside the root element', cure: MALFORMED },
  ],
  [
    /disallowed character/,
    { code: 'xml.character', message: 'a character stands where XML forbids it', cure: MALFORMED },
  ],
  [
    /unmatched closing tag|unexpected close tag|empty close tag/,
    {
      code: 'xml.nesting',
      message: 'a closing tag does not match the element that is open',
      cure: MALFORMED,
    },
  ],
  [
    /duplicate attribute/,
    {
      code: 'xml.duplicate_attribute',
      message: 'an element has the same attribute twice',
      cure: MALFORMED,
    },
  ],
  [/only one root/, { code: 'xml.second_root', message: 'there is a second root element', cure: MALFORMED }],
  [
    /doctype/,
    { code: 'xml.doctype', message: 'the document type declaration is misplaced', cure: MALFORMED },
  ],
];

const OTHER: Fault = { code: 'xml.malformed', message: 'the XML is not well-formed', cure: MALFORMED };

export function faultOf(parserMessage: string): Fault {
  return FAULTS.find(([pattern]) => pattern.test(parserMessage))?.[1] ?? OTHER;
}
