/** Readers of Markdown, web pages and CFR sections as JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, FractalError, SeededRandom } from '../../src/base/index.ts';
import { cfrJsonReader, htmlReader, markdownReader } from '../../src/ingest/plain/index.ts';
import type { Reader } from '../../src/ingest/index.ts';
import { chunksOf, documentsOf, encode, endless, readAll, readFailing } from '../contract/reader-contract.ts';
import { checkDocuments } from './plain-contract.ts';
import { realSamples } from './samples.ts';

const MARKDOWN = `---
title: not this
---
# Ladder *rules*

First words
go on. See [the act](https://example.org/a_(b)).

## 1. Scope

- one item
- two \\*items\\*

| a | b |
|---|---|
| 1 | 2 \\| 3 |

### 1.1 Trees

\`\`\`
# no heading
\`\`\`

Setext
------
> quoted **bold** __x__ snake_case_name
<!-- hidden -->
## 1. Scope

again
`;

const HTML = `<!DOCTYPE html><html lang="en-GB"><head><title>A &amp; B</title><style>p{}</style></head><body>
<nav><a href="/">Home</a></nav><main><h1>Ladders</h1><p>One&nbsp;two<br>three &#167; 5 &lt;b&gt; <script>var x = "<p>no</p>";</script>
<p>Unclosed <b>bold</p><ul><li>first<li>second</ul><h2 id="s">2 Tables</h2><table><tr><th>a</th><th>b</th></tr><tr><td>1<td>2</table>
<pre>x  y
z</pre><a title="a > b">link</a></main><footer>left out</footer></body></html>`;

const record = (id: string, title: string, lines: readonly string[], subpart = 'A'): unknown => ({
  section_id: id,
  title: `${id} - ${title}`,
  url: `https://www.osha.gov/laws-regs/regulations/standardnumber/1926/${id}`,
  full_text: [
    'Part Number:1926',
    'Part Number Title:Ladders in Orchards',
    `Subpart:1926 Subpart ${subpart}`,
    `Subpart Title:General ${subpart}`,
    `Standard Number:${id}`,
    `Title:${title}`,
    'GPO Source:e-CFR',
    ...lines,
  ].join('\n\n'),
});
const CFR = JSON.stringify([
  record('1926.1', 'Purpose', ['This is about ladders.']),
  record(
    '1926.2',
    'Duties',
    ['(a) The employer shall:', '(1) Look; and', '(2) Climb.', 'Ladders.Each ladder has rungs.'],
    'B',
  ),
  record('1926.2 App A', 'Woods', ['Oak.'], 'B'),
]);

const SUBJECTS: readonly (readonly [Reader, string])[] = [
  [markdownReader, MARKDOWN],
  [htmlReader, HTML],
  [cfrJsonReader, CFR],
];

for (const [reader, text] of SUBJECTS) {
  const name = (rule: string): string => `${reader.format}: ${rule}`;

  test(name('documents are whole and in order, however the bytes come'), async () => {
    const bytes = encode(text);
    const whole = await readAll(reader, chunksOf(bytes, bytes.length));
    checkDocuments(whole);
    for (const size of [1, 7, 4096]) assert.deepEqual(await readAll(reader, chunksOf(bytes, size)), whole);
  });

  test(name('refuses an empty file, bytes of no encoding, and endless text'), async () => {
    for (const bytes of [new Uint8Array(0), encode(' \n\t ')]) {
      const { error } = await readFailing(reader, chunksOf(bytes));
      assert.match(error.code, /^(document\.no_text|records\.json)$/);
    }
    const broken = Buffer.concat([
      encode(text.slice(0, 100)),
      Buffer.from([0xff, 0xfe, 0xff]),
      encode(text.slice(100)),
    ]);
    assert.match((await readFailing(reader, chunksOf(broken))).error.code, /encoding$/);
    const { error } = await readFailing(
      reader,
      endless(text.slice(0, 60), 'the employer shall ', 64 * 1024 * 1024, ''),
    );
    assert.match(error.code, /^limit\./);
  });

  test(name('a damaged file is read or refused, never more'), async () => {
    const random = new SeededRandom(17);
    for (let i = 0; i < 150; i++) {
      const bytes = Uint8Array.from(encode(text));
      for (let hits = 0; hits < 4; hits++) bytes[random.below(bytes.length)] = random.below(256);
      try {
        checkDocuments(await readAll(reader, chunksOf(bytes.subarray(0, 1 + random.below(bytes.length)))));
      } catch (error) {
        assert.ok(error instanceof FractalError, String(error));
        assert.equal(error.kind, 'bad_input');
      }
    }
  });
}

test('markdown: headings are the tree, marks are gone, cells are apart', async () => {
  const [document] = await documentsOf(markdownReader, encode(MARKDOWN));
  assert.equal(document?.head.documentId, 'md/sample');
  assert.equal(document.head.title, 'Ladder rules');
  assert.deepEqual(
    document.sections.map(({ eid, parentEid, heading, text }) => [eid, parentEid, heading, text]),
    [
      ['ladder-rules', undefined, 'Ladder rules', 'First words go on. See the act.'],
      ['s1', 'ladder-rules', '1. Scope', 'one item\ntwo *items*\na\tb\n1\t2 | 3'],
      ['s1.1', 's1', '1.1 Trees', '# no heading'],
      ['ladder-rules-setext', 'ladder-rules', 'Setext', 'quoted bold x snake_case_name'],
      ['s1~2', 'ladder-rules', '1. Scope', 'again'],
    ],
  );
});

test('html: the main text, without scripts and ways elsewhere', async () => {
  const [document] = await documentsOf(htmlReader, encode(HTML));
  assert.equal(document?.head.title, 'A & B');
  assert.equal(document.head.language, 'en-GB');
  assert.deepEqual(
    document.sections.map(({ eid, heading, text }) => [eid, heading, text]),
    [
      ['ladders', 'Ladders', 'One two\nthree § 5 <b>\nUnclosed bold\nfirst\nsecond'],
      ['s2', '2 Tables', 'a\tb\n1\t2\nx y\nz\nlink'],
    ],
  );
  const deep = await readFailing(htmlReader, chunksOf(encode(`<html>${'<div>'.repeat(100_000)}`)));
  assert.equal(deep.error.code, 'limit.html_depth');
  const latin = Buffer.from('<html><meta charset="iso-8859-1"><p>caf\u00e9 \u0093x\u0094', 'latin1');
  assert.equal((await documentsOf(htmlReader, latin))[0]?.sections[0]?.text, 'café “x”');
});

test('cfr-json: sections with their official citations', async () => {
  const [document, more] = await documentsOf(cfrJsonReader, encode(CFR));
  assert.equal(more, undefined);
  assert.equal(document?.head.documentId, 'us/cfr/29/1926');
  assert.equal(document.head.title, 'Ladders in Orchards');
  assert.deepEqual(
    document.sections.map(({ eid, citation, text }) => [eid, citation, text]),
    [
      ['part-1926', '29 CFR Part 1926', ''],
      ['subpart-A', '29 CFR Part 1926 Subpart A', ''],
      ['s1926.1', '29 CFR 1926.1', 'This is about ladders.'],
      ['subpart-B', '29 CFR Part 1926 Subpart B', ''],
      ['s1926.2', '29 CFR 1926.2', ''],
      ['s1926.2-a', '29 CFR 1926.2(a)', 'The employer shall:'],
      ['s1926.2-a-1', '29 CFR 1926.2(a)(1)', 'Look; and'],
      ['s1926.2-a-2', '29 CFR 1926.2(a)(2)', 'Climb.'],
      ['s1926.2-a-2-ladders', '29 CFR 1926.2(a)(2) “Ladders”', 'Each ladder has rungs.'],
      ['app-A-s1926.2', '29 CFR 1926.2 Appendix A', 'Oak.'],
    ],
  );
  const { error } = await readFailing(
    cfrJsonReader,
    chunksOf(encode('[{"section_id":"secret","title":"","full_text":""}]')),
  );
  assert.equal(error.code, 'cfr.section_id');
});

for (const { name, bytes } of realSamples('osha-1926-text/osha_raw_documents.json'))
  test(`cfr-json: ${name} is one part of 374 sections and appendices`, async () => {
    const events = await readAll(cfrJsonReader, chunksOf(bytes), DEFAULT_LIMITS);
    checkDocuments(events);
    const [document] = await documentsOf(cfrJsonReader, bytes);
    assert.equal(document?.head.documentId, 'us/cfr/29/1926');
    const count = document.sections.filter(
      ({ level, eid }) =>
        level === 'section' || (level === 'appendix' && /^app-[A-Z]*-?s?1926|^app/.test(eid)),
    ).length;
    assert.equal(count, 374);
    const raw = JSON.parse(Buffer.from(bytes).toString('utf8')) as { full_text: string }[];
    const all = document.sections
      .map(({ heading, text, num }) => `${num ?? ''} ${heading ?? ''} ${text}`)
      .join(' ');
    const letters = (text: string): number => text.match(/\p{L}/gu)?.length ?? 0;
    const given = raw.reduce(
      (sum, { full_text: text }) => sum + letters(text.replace(/^[^]*?GPO Source:.*$/m, '')),
      0,
    );
    assert.ok(letters(all) >= given, `${letters(all)} of ${given} letters`);
  });

test('plain readers know their files and no others', () => {
  const readers = [markdownReader, htmlReader, cfrJsonReader];
  const who = (name: string, head: string): string[] =>
    readers.filter((reader) => reader.matches({ name, head })).map(({ format }) => format);
  assert.deepEqual(who('a.md', '# x'), ['markdown']);
  assert.deepEqual(who('a.txt', '# x'), []);
  assert.deepEqual(who('a.html', '<!doctype HTML><p>'), ['html']);
  assert.deepEqual(who('a', '<html><body>'), ['html']);
  assert.deepEqual(who('a.xml', '<?xml version="1.0"?><CFRGRANULE>'), []);
  assert.deepEqual(who('a.json', CFR), ['cfr-json']);
  assert.deepEqual(who('a.json', '[{"x":1}]'), []);
});
