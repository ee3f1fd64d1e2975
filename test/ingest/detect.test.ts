import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import { detectReader, READERS } from '../../src/ingest/index.ts';
import { ANNUAL_PART, CLML_INSTRUMENT, ECFR_SECTION, ECFR_TITLE, realSamples } from './samples.ts';

const head = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 16 * 1024));
const reject = (text: string): FractalError => {
  try {
    detectReader({ name: 'a.bin', head: text });
  } catch (error) {
    assert.ok(error instanceof FractalError);
    return error;
  }
  throw new assert.AssertionError({ message: 'a reader was found' });
};

test('each format is told by its root element', () => {
  const formats = [ECFR_SECTION, ECFR_TITLE, ANNUAL_PART, CLML_INSTRUMENT].map(
    ({ bytes }) => detectReader({ name: 'a.xml', head: head(bytes) }).format,
  );
  assert.deepEqual(formats, ['ecfr', 'ecfr', 'cfr-annual', 'clml']);
  const prolog =
    '\ufeff<?xml version="1.0"?>\n<!-- <Legislation> --><!DOCTYPE DIV8 [<!ELEMENT DIV8 ANY>]>\n<x:DIV8 N="1">';
  assert.equal(detectReader({ name: 'a.xml', head: prolog }).format, 'ecfr');
});

test('what is no law is named', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['<feed xmlns="http://www.w3.org/2005/Atom">', /Atom feed/],
    ['<EN xmlns="http://www.legislation.gov.uk/namespaces/legislation">', /explanatory notes/],
    ['<?xml version="1.0"?><PUBLICATION>', /table of contents of the Official Journal/],
    ['<DOC>', /cover file of a Formex document/],
    ['PK\u0003\u0004', /ZIP/],
    ['{"a": 1}', /JSON/],
    ['', /empty/],
    ['The employer', /neither XML/],
    ['<Recipe>', /root element Recipe/],
    [`<${'a'.repeat(100)}>`, /unknown kind/],
  ];
  for (const [text, message] of cases) {
    const error = reject(text);
    assert.equal(error.code, 'format.unknown');
    assert.equal(error.kind, 'bad_input');
    assert.match(error.message, message);
    for (const { format } of READERS) assert.ok(error.cure.includes(format));
  }
});

test('looking for the root of a hostile beginning takes no time', () => {
  for (const piece of ['<!--', '<?a', '<!DOCTYPE a [', '<', ' ', '<!DOCTYPE a>'])
    reject(piece.repeat(Math.floor(16384 / piece.length)));
});

for (const sample of realSamples(
  'uk-clml/sampleXML/changes-affecting-ukpga-2002-38-feed.xml',
  'uk-clml/sampleXML/ukpga_2006_35_notes-division-7.xml',
))
  test(`${sample.name} is refused with a reason`, () => {
    assert.match(reject(head(sample.bytes)).message, /Atom feed|explanatory notes/);
  });
