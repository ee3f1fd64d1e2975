/** The XML layer below all readers: what hurts is tried once, with the eCFR reader. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, FractalError } from '../../src/base/index.ts';
import { cfrAnnualReader, clmlReader, ecfrReader } from '../../src/ingest/index.ts';
import type { ReadEvent, Reader } from '../../src/ingest/index.ts';
import {
  chunksOf,
  encode,
  endless,
  measured,
  readAll,
  readFailing,
  refusesEndless,
} from '../contract/reader-contract.ts';

const MiB = 1024 * 1024;
const BEFORE = '<DIV8 N="1.1" hierarchy_metadata="title-29"><HEAD>§ 1.1 X.</HEAD>';

const STREAMS: readonly (readonly [what: string, before: string, piece: string])[] = [
  ['text', BEFORE, 'the employer shall '],
  ['CDATA', `${BEFORE}<P><![CDATA[`, 'the employer shall '],
  ['a comment', `${BEFORE}<!-- `, 'the employer shall '],
  ['a processing instruction', `${BEFORE}<?x `, 'the employer shall '],
  ['an attribute', `${BEFORE}<P x="`, 'aaaaaaaaaaaaaaaa'],
  ['a name', `${BEFORE}<`, 'aaaaaaaaaaaaaaaa'],
  ['attributes', `${BEFORE}<P `, "x='' "],
  ['an entity name', `${BEFORE}<P>&`, 'aaaaaaaaaaaaaaaa'],
  ['character references', `${BEFORE}<P>`, '&#65;'],
  ['a document type', '<!DOCTYPE DIV8 [', '<!-- aaaaaaaaa -->'],
  ['white space in a tag', `${BEFORE}<P `, '                '],
  ['a closing name', `${BEFORE}</`, 'aaaaaaaaaaaaaaaa'],
  ['attributes of elements', `${BEFORE}<P>`, `<I class="${'a'.repeat(1000)}">x</I>`],
  ['pieces of one paragraph', `${BEFORE}<P>`, 'the employer <I>shall</I> '],
];
for (const [what, before, piece] of STREAMS)
  test(`xml: ${what} without end is refused early and in bounded memory`, () =>
    refusesEndless(ecfrReader, what, before, piece));

test('xml: comments, instructions and small elements without end stop at the size of the document', async () => {
  const limits = { ...DEFAULT_LIMITS, document_bytes: 2 * MiB };
  for (const piece of ['<!-- a comment -->', '<?an instruction?>', '<PRTPAGE P="1"/>']) {
    const { error } = await readFailing(ecfrReader, endless('<DIV1>', piece, 8 * MiB, ''), limits);
    assert.equal(error.code, 'limit.document_bytes');
  }
});

/** Sections of a title, without end; `bytes` long. */
async function* title(bytes: number): AsyncIterable<Uint8Array> {
  yield encode('<ECFR><DIV1 NODE="29:1"><DIV5 N="1" NODE="29:1.1"><HEAD>PART 1—LADDERS</HEAD>');
  let sent = 0;
  for (let n = 1; sent < bytes; n++) {
    const paragraphs = `<P>(a) ${'The employer shall inspect the ladder. '.repeat(60)}</P><P>(1) One;</P><P>(2) Two.</P>`;
    const chunk = encode(`<DIV8 N="§ 1.${n}"><HEAD>§ 1.${n} Ladders.</HEAD>${paragraphs}</DIV8>\n`);
    sent += chunk.length;
    yield chunk;
  }
  yield encode('</DIV5></DIV1></ECFR>');
}

test('xml: memory follows the largest section, not the file', async () => {
  // 200 MB take a while: FRACTAL_LONG=1 asks for them.
  const bytes = process.env['FRACTAL_LONG'] === '1' ? 200 * MiB : 12 * MiB;
  const limits = { ...DEFAULT_LIMITS, document_bytes: 512 * MiB };
  const { peak, value } = await measured(async () => {
    let sections = 0;
    let last: ReadEvent | undefined;
    for await (const events of ecfrReader.read({ name: 'title.xml', chunks: title(bytes), limits })) {
      sections += events.filter(({ type }) => type === 'section').length;
      last = events.at(-1) ?? last;
    }
    return { sections, last };
  });
  assert.equal(value.last?.type, 'end');
  assert.ok(value.sections > bytes / 1000);
  assert.ok(peak < 150 * MiB, `${Math.round(peak / MiB)} MiB more memory`);
});

test('xml: a provision and a document have their bounds', async () => {
  const small = { ...DEFAULT_LIMITS, section_text_bytes: 1000, sections_per_document: 5 };
  const long = encode(`${BEFORE}<P>${'long '.repeat(300)}</P></DIV8>`);
  assert.equal((await readFailing(ecfrReader, chunksOf(long), small)).error.code, 'limit.section_text_bytes');
  const many = encode(`${BEFORE}${['a', 'b', 'c', 'd', 'e'].map((n) => `<P>(${n}) x</P>`).join('')}</DIV8>`);
  assert.equal(
    (await readFailing(ecfrReader, chunksOf(many), small)).error.code,
    'limit.sections_per_document',
  );
});

test('xml: warnings are bounded, and the rest is counted', async () => {
  const limits = { ...DEFAULT_LIMITS, warnings_per_document: 3 };
  const bytes = encode(`${BEFORE}${'<P>(a) x</P>'.repeat(10)}</DIV8>`);
  const events = await readAll(ecfrReader, chunksOf(bytes), limits);
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  assert.equal(warnings.length, 4);
  assert.match(warnings[3] ?? '', /^\d+ more warnings$/);
});

test('xml: errors tell line and column, and never the text', async () => {
  const bytes = encode(
    '<CFRGRANULE>\n<FDSYS><CFRTITLE>40</CFRTITLE></FDSYS>\n  <PART>secret &undefined; </PART></CFRGRANULE>',
  );
  const { error } = await readFailing(cfrAnnualReader, chunksOf(bytes));
  assert.equal(error.code, 'xml.undefined_entity');
  assert.deepEqual(error.place, { source: 'sample.xml', line: 3, column: 26 });
  assert.ok(!JSON.stringify(error.toProblem()).includes('secret'));
});

test('xml: an encoding error tells the line', async () => {
  const bytes = Buffer.concat([
    encode(`${BEFORE}\n<P>é</P>\n<P>ab`),
    Buffer.from([0xe9]),
    encode('</P></DIV8>'),
  ]);
  const { error } = await readFailing(ecfrReader, chunksOf(bytes, 3));
  assert.equal(error.code, 'xml.encoding');
  assert.deepEqual(error.place, { source: 'sample.xml', line: 3, column: 6 });
});

test('xml: Latin 1 and Windows-1252 are read by declaration', async () => {
  for (const encoding of ['iso-8859-1', 'windows-1252']) {
    const bytes = Buffer.concat([
      encode(`<?xml version="1.0" encoding="${encoding}"?><DIV8 N="1.1" hierarchy_metadata="title-29"><P>`),
      Buffer.from([0xe9, 0x20, 0x96, 0x20, 0x93]),
      encode('</P></DIV8>'),
    ]);
    const events = await readAll(ecfrReader, chunksOf(bytes, 2));
    const texts = events.flatMap((event) => (event.type === 'section' ? [event.section.text] : []));
    assert.deepEqual(texts, ['é – “']);
  }
});

test('xml: well-formed files made to be slow are read or refused soon', async () => {
  const many = (piece: string, bytes = MiB): string => piece.repeat(Math.floor(bytes / piece.length));
  const act = (content: string): string =>
    `<Legislation><Metadata><identifier>http://www.legislation.gov.uk/eur/2099/7</identifier><title>${many('Regulation (EU ', 200_000)}</title></Metadata><EURetained>${content}</EURetained></Legislation>`;
  const cases: readonly (readonly [string, Reader, string])[] = [
    ['italics', ecfrReader, `${BEFORE}<P>${many('<I>x</I> ')}</P></DIV8>`],
    ['superscripts', ecfrReader, `${BEFORE}<P>${many('x<SU>2</SU>')}</P></DIV8>`],
    ['chained designators', ecfrReader, `${BEFORE}<P>${many('(a)(1)(i)(A)')}</P></DIV8>`],
    [
      'short paragraphs',
      ecfrReader,
      `${BEFORE}${many('<P>(i)x</P><P>(v)x</P><P>(1)x</P><P>(x)x</P>')}</DIV8>`,
    ],
    ['terms', ecfrReader, `${BEFORE}${many('<P><I>Term</I> x</P>')}</DIV8>`],
    [
      'headings',
      ecfrReader,
      `<ECFR><DIV5 NODE="29:1" N="1"><HEAD>PART ${many('1-')}</HEAD><P>x</P></DIV5></ECFR>`,
    ],
    [
      'section numbers',
      ecfrReader,
      `<DIV8 hierarchy_metadata="title-29"><HEAD>§ 1${many('- ')}!</HEAD></DIV8>`,
    ],
    [
      'nested notes',
      ecfrReader,
      `${BEFORE}${'<NOTE>'.repeat(200)}${many('<P>x</P>')}${'</NOTE>'.repeat(200)}</DIV8>`,
    ],
    [
      'nested tables',
      ecfrReader,
      `${BEFORE}${'<TABLE>'.repeat(200)}${many('<TR/>')}${'</TABLE>'.repeat(200)}</DIV8>`,
    ],
    [
      'recitals',
      clmlReader,
      act(`<EUPrelims>${many('<Division><Number>1</Number></Division><P>x</P>')}</EUPrelims>`),
    ],
    [
      'nested provisions',
      clmlReader,
      act(`<EUBody>${'<P1>'.repeat(200)}${many('<P2>x</P2>')}${'</P1>'.repeat(200)}</EUBody>`),
    ],
    [
      'nested lists',
      clmlReader,
      act(
        `<EUBody><P1>${'<OrderedList><ListItem>'.repeat(100)}${many('<Text>x</Text>')}${'</ListItem></OrderedList>'.repeat(100)}</P1></EUBody>`,
      ),
    ],
    [
      'definitions',
      clmlReader,
      act(
        `<EUBody><P1><UnorderedList Class="Definition">${many('<ListItem>“x” y</ListItem>')}</UnorderedList></P1></EUBody>`,
      ),
    ],
  ];
  for (const [what, reader, file] of cases) {
    const start = process.cpuUsage();
    const { peak } = await measured(() =>
      readAll(reader, chunksOf(encode(file))).catch((error: unknown) => {
        assert.ok(error instanceof FractalError, `${what}: ${String(error)}`);
      }),
    );
    const { user } = process.cpuUsage(start);
    if (process.env['FRACTAL_LONG'] === '1')
      console.log(`# ${what}: ${Math.round(user / 1000)} ms, ${Math.round(peak / MiB)} MiB`);
    assert.ok(user < 6e6, `${what}: ${Math.round(user / 1000)} ms`);
  }
});
