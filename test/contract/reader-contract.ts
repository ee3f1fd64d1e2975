/** What every document reader must do, whatever its format. Run by the tests of each reader. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaxesParser } from 'saxes';
import { DEFAULT_LIMITS, FractalError, SeededRandom } from '../../src/base/index.ts';
import type { Limits } from '../../src/base/index.ts';
import type { DocumentHead, ReadEvent, Reader, SectionNode } from '../../src/ingest/index.ts';

export interface ReaderSample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ReaderSubject {
  readonly reader: Reader;
  readonly samples: readonly ReaderSample[];
  /** Elements whose text is no text of the law. */
  readonly leftOut: ReadonlySet<string>;
  /** Whether a heading of this element is left out: those above a part. */
  readonly isHeadingLeftOut?: (element: string, parent: string | undefined) => boolean;
  /** Elements that hold numbers and headings, whose leading words (`PART`, `§`) are not repeated. */
  readonly headings: ReadonlySet<string>;
  /** A well-formed file that begins and ends with these, to put hostile content between. */
  readonly hostile: { readonly before: string; readonly after: string; readonly doctypeRoot: string };
}

export interface ReadDocument {
  readonly head: DocumentHead;
  readonly sections: readonly SectionNode[];
  readonly warnings: readonly string[];
}

export async function* chunksOf(bytes: Uint8Array, size = 64 * 1024): AsyncIterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

export async function readAll(
  reader: Reader,
  chunks: AsyncIterable<Uint8Array>,
  limits: Limits = DEFAULT_LIMITS,
): Promise<ReadEvent[]> {
  const all: ReadEvent[] = [];
  for await (const events of reader.read({ name: 'sample.xml', chunks, limits })) all.push(...events);
  return all;
}

/** Events up to the error, and the error; fails when the file is accepted. */
export async function readFailing(
  reader: Reader,
  chunks: AsyncIterable<Uint8Array>,
  limits: Limits = DEFAULT_LIMITS,
): Promise<{ events: ReadEvent[]; error: FractalError }> {
  const events: ReadEvent[] = [];
  try {
    for await (const group of reader.read({ name: 'sample.xml', chunks, limits })) events.push(...group);
  } catch (error) {
    assert.ok(error instanceof FractalError, `not a typed error: ${String(error)}`);
    assert.equal(error.kind, 'bad_input');
    assert.match(error.code, /^[a-z][a-z0-9_-]*(\.[a-z0-9_]+)+$/);
    assert.equal(error.place?.source, 'sample.xml');
    assert.ok((error.place.line ?? 0) >= 1, `${error.code} has no line`);
    assert.ok(error.cure.length > 10);
    return { events, error };
  }
  throw new assert.AssertionError({ message: 'the file was accepted' });
}

export async function documentsOf(reader: Reader, bytes: Uint8Array): Promise<ReadDocument[]> {
  const documents: { head: DocumentHead; sections: SectionNode[]; warnings: string[] }[] = [];
  for (const event of await readAll(reader, chunksOf(bytes))) {
    if (event.type === 'document') documents.push({ head: event.head, sections: [], warnings: [] });
    if (event.type === 'section') documents.at(-1)?.sections.push(event.section);
    if (event.type === 'warning') documents.at(-1)?.warnings.push(event.message);
  }
  return documents;
}

const utf8 = new TextEncoder();
export const encode = (text: string): Uint8Array => utf8.encode(text);

/** The same text many times, made on the fly. */
export async function* endless(
  before: string,
  piece: string,
  bytes: number,
  after: string,
): AsyncIterable<Uint8Array> {
  yield encode(before);
  const block = encode(piece.repeat(Math.ceil((64 * 1024) / piece.length)));
  for (let sent = 0; sent < bytes; sent += block.length) yield block;
  yield encode(after);
}

const MiB = 1024 * 1024;

export function readerContract(subject: ReaderSubject): void {
  const { reader, samples } = subject;
  const name = (rule: string): string => `${reader.format}: ${rule}`;

  for (const sample of samples) {
    test(name(`any division into chunks gives the same events (${sample.name})`), async () => {
      const whole = await readAll(reader, chunksOf(sample.bytes, sample.bytes.length));
      const sizes = sample.bytes.length < 20_000 ? [1, 7, 64 * 1024] : [4099, 64 * 1024];
      for (const size of sizes) assert.deepEqual(await readAll(reader, chunksOf(sample.bytes, size)), whole);
    });

    test(name(`documents are whole and in order (${sample.name})`), async () => {
      checkOrder(await readAll(reader, chunksOf(sample.bytes)));
    });

    test(name(`no text is lost (${sample.name})`), async () => {
      checkText(subject, sample.bytes, await documentsOf(reader, sample.bytes));
    });

    test(name(`a file cut anywhere is refused (${sample.name})`), async () => {
      const random = new SeededRandom(7);
      const end = Buffer.from(sample.bytes).lastIndexOf('</');
      const cuts = sample.bytes.length < 20_000 ? 40 : 6;
      for (let i = 0; i < cuts; i++) {
        const cut = 1 + random.below(end - 1);
        const { events } = await readFailing(reader, chunksOf(sample.bytes.subarray(0, cut)));
        assert.notEqual(events.at(-1)?.type, 'end', `an end after a cut at ${cut}`);
      }
    });
  }

  hostileContract(subject);
}

function checkOrder(events: readonly ReadEvent[]): void {
  let eids = new Set<string>();
  let isOpen = false;
  const ids = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case 'document':
        assert.ok(!isOpen, 'a document begins inside another');
        assert.ok(!ids.has(event.head.documentId), `${event.head.documentId} twice`);
        ids.add(event.head.documentId);
        isOpen = true;
        eids = new Set();
        break;
      case 'section': {
        const { eid, parentEid, text, heading, citation } = event.section;
        assert.ok(isOpen);
        assert.ok(!eids.has(eid), `${eid} twice`);
        assert.ok(parentEid === undefined || eids.has(parentEid), `${eid} before its parent`);
        assert.match(eid, /^\S+$/);
        assert.notEqual(citation, '');
        assert.notEqual(heading, '');
        for (const line of text.split('\n'))
          assert.ok(!/^ | $| {2}|[\r\v\f]/.test(line), `white space in ${eid}`);
        eids.add(eid);
        break;
      }
      case 'note':
        assert.ok(isOpen);
        assert.notEqual(event.text.trim(), '');
        break;
      case 'warning':
        assert.ok(isOpen);
        break;
      case 'end':
        assert.ok(isOpen && eids.size > 0);
        isOpen = false;
    }
  }
  assert.ok(!isOpen && ids.size > 0);
}

/** Letters, digits and symbols: what must survive. Superscripts gain a caret. */
const significant = (text: string): string => text.replace(/[^\p{L}\p{N}\p{S}]|[\^`]/gu, '');

/** Every run of text of the XML, and as many of each character, must be found in the sections. */
function checkText(subject: ReaderSubject, bytes: Uint8Array, documents: readonly ReadDocument[]): void {
  let all = '';
  for (const { head, sections } of documents) {
    all += significant(head.title);
    for (const { num, heading, text } of sections)
      all += significant(`${num ?? ''} ${heading ?? ''} ${text}`);
  }
  const counts = new Map<string, number>();
  for (const char of all) counts.set(char, (counts.get(char) ?? 0) + 1);

  const missing: string[] = [];
  for (const run of runsOf(subject, bytes)) {
    if (!all.includes(run)) missing.push(run);
    for (const char of run) counts.set(char, (counts.get(char) ?? 0) - 1);
  }
  assert.deepEqual(missing, []);
  assert.deepEqual(
    [...counts].filter(([, count]) => count < 0),
    [],
  );
}

/** Empty marks that may stand before the words of a heading. */
const SILENT_MARKS: ReadonlySet<string> = new Set(['CommentaryRef', 'PRTPAGE']);

/** Runs of text outside the elements that are left out. */
function runsOf(
  { leftOut, headings, isHeadingLeftOut }: ReaderSubject,
  bytes: Uint8Array,
): readonly string[] {
  const parser = new SaxesParser();
  const open: string[] = [];
  const runs: string[] = [];
  let skipped = 0;
  let isFirstInHeading = false;
  parser.on('opentag', ({ name: full }) => {
    const element = full.replace(/^.*:/, '');
    if (skipped > 0 || leftOut.has(element) || isHeadingLeftOut?.(element, open.at(-1)) === true) skipped++;
    open.push(element);
    if (!SILENT_MARKS.has(element)) isFirstInHeading = headings.has(element);
  });
  parser.on('closetag', () => {
    open.pop();
    if (skipped > 0) skipped--;
  });
  const text = (value: string): void => {
    if (skipped > 0) return;
    const words = isFirstInHeading
      ? value
          .replace(
            /^\s*\[?(?:§|PARTS?|Subpart|SCHEDULE|CHAPTER|ANNEX|APPENDIX|Article|Section|Sec\.)\b[§\s]*/i,
            '',
          )
          .replace(/§/g, '')
      : value;
    if (value.trim() !== '') isFirstInHeading = false;
    if (significant(words) !== '') runs.push(significant(words));
  };
  parser.on('text', text);
  parser.on('cdata', text);
  parser
    .write(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    )
    .close();
  return runs;
}

/** Files made to hurt: all must end in a typed error, soon and in bounded memory. */
function hostileContract(subject: ReaderSubject): void {
  const { reader } = subject;
  const { before, after, doctypeRoot } = subject.hostile;
  const inside = (content: string): Uint8Array => encode(before + content + after);
  const doctype = (subset: string, content = ''): Uint8Array =>
    encode(`<?xml version="1.0"?><!DOCTYPE ${doctypeRoot} ${subset}>${before}${content}${after}`);

  const bomb = [
    '<!ENTITY a "ha">',
    ...'bcdefghij'
      .split('')
      .map((name, i) => `<!ENTITY ${name} "${`&${'abcdefghi'.charAt(i)};`.repeat(10)}">`),
  ].join('');
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an empty file', new Uint8Array(0), /^xml\.empty$/],
    ['white space only', encode(' \n\t '), /^xml\.empty$/],
    ['an entity bomb', doctype(`[${bomb}]`, '&j;'), /^xml\.entity_declaration$/],
    [
      'an external entity from disk',
      doctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]', '&x;'),
      /^xml\.entity_declaration$/,
    ],
    [
      'an external entity from the network',
      doctype('[<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]', '&x;'),
      /^xml\.entity_declaration$/,
    ],
    [
      'a parameter entity',
      doctype('[<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]'),
      /^xml\.entity_declaration$/,
    ],
    [
      'an entity of an external DTD',
      doctype('SYSTEM "http://127.0.0.1:1/x.dtd"', '&sect;'),
      /^xml\.undefined_entity$/,
    ],
    ['an undefined entity', inside('&nbsp;'), /^xml\.undefined_entity$/],
    ['a NUL byte', inside('\0'), /^xml\.character$/],
    ['a NUL reference', inside('&#0;'), /^xml\.character_reference$/],
    ['a lone surrogate by reference', inside('&#xD800;'), /^xml\.character_reference$/],
    [
      'a lone surrogate in UTF-8',
      Buffer.concat([encode(before), Buffer.from([0xed, 0xa0, 0x80]), encode(after)]),
      /^xml\.encoding$/,
    ],
    [
      'Latin 1 that says UTF-8',
      Buffer.concat([encode(before), Buffer.from([0x66, 0xfc, 0x72]), encode(after)]),
      /^xml\.encoding$/,
    ],
    [
      'a lone surrogate in UTF-16',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`${before}\ud800 ${after}`, 'utf16le')]),
      /^xml\.encoding$/,
    ],
    [
      'an encoding nobody knows',
      encode(`<?xml version="1.0" encoding="x-klingon"?>${before}${after}`),
      /^xml\.unknown_encoding$/,
    ],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]), /^xml\.unknown_encoding$/],
    [
      'UTF-16 by declaration only',
      encode(`<?xml version="1.0" encoding="UTF-16"?>${before}${after}`),
      /^xml\.encoding$/,
    ],
    ['a tag that is not closed', encode(before), /^xml\.truncated$/],
    ['crossed tags', inside('<a><b></a></b>'), /^xml\.nesting$/],
    ['the same attribute twice', inside('<a x="1" x="2"/>'), /^xml\.duplicate_attribute$/],
    ['a bare ampersand', inside('R & D'), /^xml\./],
    ['a second root', encode(before + after + before + after), /^xml\.second_root$/],
    ['text after the root', encode(`${before}${after}more`), /^xml\.not_xml$/],
    ['text instead of XML', encode('The employer shall ensure'), /^xml\.not_xml$/],
    [
      'an element of 300 attributes',
      inside(`<a ${Array.from({ length: 300 }, (_, i) => `x${i}=""`).join(' ')}/>`),
      /^xml\.attributes$/,
    ],
    ['a long name', inside(`<${'a'.repeat(2000)}/>`), /^limit\.xml_name_bytes$/],
    ['a long attribute', inside(`<a x="${'a'.repeat(70_000)}"/>`), /^limit\.xml_attribute_bytes$/],
    ['a long document type', doctype(`SYSTEM "${'a'.repeat(70_000)}"`), /^limit\.xml_doctype_bytes$/],
    ['elements 100,000 deep', inside('<P>'.repeat(100_000)), /^limit\.xml_depth$/],
  ];
  for (const [what, bytes, code] of cases)
    test(`${reader.format}: refuses ${what}`, async () => {
      const { error, events } = await readFailing(reader, chunksOf(bytes));
      assert.match(error.code, code);
      assert.ok(!events.some(({ type }) => type === 'end'));
      assert.ok(!/passwd|klingon x|The employer/.test(error.message));
    });

  test(`${reader.format}: refuses random bytes`, async () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 50; i++) {
      const bytes = random.bytes(1 + random.below(2000));
      await readFailing(reader, chunksOf(bytes));
    }
  });

  test(`${reader.format}: refuses or reads a damaged file, never crashes`, async () => {
    const random = new SeededRandom(13);
    const sample = subject.samples[0];
    if (sample === undefined) return;
    for (let i = 0; i < 150; i++) {
      const bytes = Uint8Array.from(sample.bytes);
      for (let hits = 0; hits < 3; hits++) bytes[random.below(bytes.length)] = 32 + random.below(95);
      try {
        checkOrder(await readAll(reader, chunksOf(bytes)));
      } catch (error) {
        assert.ok(error instanceof FractalError, String(error));
        assert.equal(error.kind, 'bad_input');
      }
    }
  });

  test(`${reader.format}: a document type without declarations is skipped`, async () => {
    const sample = subject.samples[0];
    if (sample === undefined) return;
    const text = Buffer.from(sample.bytes)
      .toString('utf8')
      .replace(/^<\?xml[^>]*>\s*/, '');
    const events = await readAll(
      reader,
      chunksOf(encode(`<!DOCTYPE ${doctypeRoot} SYSTEM "http://127.0.0.1:1/x.dtd">${text}`)),
    );
    assert.equal(events.at(-1)?.type, 'end');
  });

  test(`${reader.format}: every encoding gives the same events`, async () => {
    const sample = subject.samples[0];
    if (sample === undefined) return;
    const expected = await readAll(reader, chunksOf(sample.bytes));
    const text = Buffer.from(sample.bytes)
      .toString('utf8')
      .replace(/^<\?xml[^>]*\?>/, '<?xml version="1.0"?>');
    const little = Buffer.from(text, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const [mark, body] of [
      [[0xef, 0xbb, 0xbf], encode(text)],
      [[0xff, 0xfe], little],
      [[0xfe, 0xff], big],
      [[], little],
      [[], big],
    ] as const)
      assert.deepEqual(
        await readAll(reader, chunksOf(Buffer.concat([Uint8Array.from(mark), body]), 5)),
        expected,
      );
  });

  test(`${reader.format}: an endless provision ends early and in bounded memory`, async () => {
    await refusesEndless(reader, 'text', before, 'the employer shall ');
    await refusesEndless(reader, 'elements', `${before}<P>`, 'the <I/>');
  });
}

/** Reads a file that never ends: it must be refused before much of it was read. */
export async function refusesEndless(
  reader: Reader,
  what: string,
  head: string,
  piece: string,
): Promise<void> {
  let pulled = 0;
  const source = async function* (): AsyncIterable<Uint8Array> {
    for await (const chunk of endless(head, piece, 200 * MiB, '')) {
      pulled += chunk.length;
      yield chunk;
    }
  };
  // The smaller of two peaks: a late garbage collection is no hunger for memory.
  let smallest = Infinity;
  for (let run = 0; run < 2 && smallest > 100 * MiB; run++) {
    pulled = 0;
    const { peak, value } = await measured(() => readFailing(reader, source()));
    assert.match(value.error.code, /^(limit|xml)\./);
    assert.ok(pulled < 24 * MiB, `${what}: ${pulled} bytes were read`);
    smallest = Math.min(smallest, peak);
  }
  assert.ok(smallest <= 100 * MiB, `${what}: ${Math.round(smallest / MiB)} MiB more memory`);
}

/** Runs a job and tells by how much memory grew at its worst. */
export async function measured<T>(job: () => Promise<T>): Promise<{ value: T; peak: number }> {
  const before = process.memoryUsage().rss;
  let peak = 0;
  const sample = (): void => {
    peak = Math.max(peak, process.memoryUsage().rss - before);
  };
  const timer = setInterval(sample, 5);
  try {
    const value = await job();
    sample();
    return { value, peak };
  } finally {
    clearInterval(timer);
  }
}
