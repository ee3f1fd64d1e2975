/** PDF: real files, files of our own, and those made to hurt. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { FractalError, SeededRandom } from '../../src/base/index.ts';
import { pdfReader } from '../../src/ingest/pdf/index.ts';
import { chunksOf, documentsOf, encode, readAll, readFailing } from '../contract/reader-contract.ts';
import { checkDocuments } from './plain-contract.ts';
import { realSamples } from './samples.ts';

/** A PDF file of pages that are given as their content streams. */
function pdf(pages: readonly (string | Buffer)[], more = '', filter = ''): Buffer {
  const kids = pages.map((_, i) => `${4 + i * 2} 0 R`).join(' ');
  const objects: (string | Buffer)[] = [
    `<< /Type /Catalog /Pages 2 0 R ${more} >>`,
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  pages.forEach((content, i) => {
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents ${5 + i * 2} 0 R /Resources << /Font << /F 3 0 R >> >> >>`,
    );
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    objects.push(
      Buffer.concat([
        Buffer.from(`<< /Length ${bytes.length} ${filter} >>\nstream\n`),
        bytes,
        Buffer.from('\nendstream'),
      ]),
    );
  });
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n')];
  const offsets: number[] = [];
  let at = parts[0]?.length ?? 0;
  objects.forEach((object, i) => {
    offsets.push(at);
    const part = Buffer.concat([
      Buffer.from(`${i + 1} 0 obj\n`),
      Buffer.from(object),
      Buffer.from('\nendobj\n'),
    ]);
    parts.push(part);
    at += part.length;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
/** Lines of text: size, left, height above the bottom, words. */
const page = (...lines: readonly (readonly [number, number, number, string])[]): string =>
  lines.map(([size, x, y, text]) => `BT /F ${size} Tf ${x} ${y} Td (${text}) Tj ET`).join('\n');

const OWN = pdf([
  page(
    [20, 50, 700, 'Ladders in Orchards'],
    [10, 50, 660, 'Pickers climb ladders that are longer than they look and the'],
    [10, 50, 648, 'trees are taller still.'],
    [10, 50, 600, 'SECTION 2. Duties of pickers'],
    [10, 50, 580, '2.1 The picker shall hold on with at least one hand at all'],
    [10, 50, 568, 'times while climb-'],
    [10, 50, 556, 'ing the ladder.'],
    [10, 50, 500, 'Wood'],
    [10, 300, 500, 'Strength'],
    [10, 50, 488, 'Oak'],
    [10, 300, 488, '7'],
  ),
  page([10, 50, 700, 'The apples are put into the basket and never thrown from above.']),
]);

test('pdf: headings, numbers, cells and pages', async () => {
  const events = await readAll(pdfReader, chunksOf(OWN));
  checkDocuments(events);
  const [document] = await documentsOf(pdfReader, OWN);
  assert.equal(document?.head.documentId, 'pdf/sample');
  assert.equal(document.head.title, 'Ladders in Orchards');
  assert.deepEqual(
    document.sections.map(({ eid, parentEid, num, citation, text }) => [eid, parentEid, num, citation, text]),
    [
      [
        'ladders-in-orchards',
        undefined,
        undefined,
        'Ladders in Orchards p. 1, Ladders in Orchards',
        'Pickers climb ladders that are longer than they look and the trees are taller still.',
      ],
      ['s2', 'ladders-in-orchards', '2', 'Ladders in Orchards p. 1, 2', ''],
      [
        's2.1',
        's2',
        '2.1',
        'Ladders in Orchards p. 1, 2.1',
        '2.1 The picker shall hold on with at least one hand at all times while climbing the ladder.\nWood\tStrength\nOak\t7',
      ],
      [
        's2.1-p2',
        's2.1',
        undefined,
        'Ladders in Orchards p. 2',
        'The apples are put into the basket and never thrown from above.',
      ],
    ],
  );
});

test('pdf: any division into chunks gives the same events', async () => {
  const whole = await readAll(pdfReader, chunksOf(OWN, OWN.length));
  assert.deepEqual(await readAll(pdfReader, chunksOf(OWN, 13)), whole);
});

const words = page([
  10,
  50,
  700,
  'The employer shall keep this text secret, all of it, from the first word on.',
]);

test('pdf: refuses what is no text, is locked, or would grow without bound', async () => {
  const bomb = deflateSync(Buffer.alloc(260 * 1024 * 1024, ' '), { level: 1 });
  for (const [bytes, code] of [
    [new Uint8Array(0), /^pdf\.malformed$/],
    [encode('The employer'), /^pdf\.malformed$/],
    [OWN.subarray(0, 700), /^pdf\.malformed$/],
    [pdf(['0 0 m 100 100 l S', '']), /^pdf\.scanned$/],
    [pdf([words], '/Encrypt << /Filter /Standard >>'), /^pdf\.encrypted$/],
    [pdf([bomb], '', '/Filter /FlateDecode'), /^limit\.pdf_stream_bytes$/],
    [pdf([bomb], '', '/Filter /#46lateDecode'), /^limit\.pdf_stream_bytes$/],
    [pdf([deflateSync(bomb)], '', '/Filter [/FlateDecode /FlateDecode]'), /^limit\.pdf_stream_bytes$/],
    [
      pdf([words], '', '/Filter [/ASCII85Decode /LZWDecode /RunLengthDecode /ASCIIHexDecode]'),
      /^limit\.pdf_stream_bytes$/,
    ],
    [
      Buffer.concat([pdf([words]), Buffer.from(' obj'.repeat(600_000)), Buffer.from('%%EOF')]),
      /^limit\.pdf_objects$/,
    ],
  ] as const) {
    const { error, events } = await readFailing(pdfReader, chunksOf(bytes));
    assert.match(error.code, code);
    assert.ok(!events.some(({ type }) => type === 'end'));
    assert.ok(!/secret|employer/.test(error.message));
  }
});

test('pdf: too many pages, and pages in a ring', async () => {
  const many = pdf(Array.from({ length: 5001 }, () => ''));
  assert.equal((await readFailing(pdfReader, chunksOf(many))).error.code, 'limit.pdf_pages');
  const self = Buffer.from(
    '%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Count 9 /Kids [2 0 R] >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n',
  );
  assert.match((await readFailing(pdfReader, chunksOf(self))).error.code, /^pdf\.(malformed|scanned)$/);
});

test('pdf: a damaged file is read or refused, never more', async () => {
  const random = new SeededRandom(23);
  for (let i = 0; i < 8; i++) {
    const bytes = Uint8Array.from(OWN);
    for (let hits = 0; hits < 6; hits++) bytes[20 + random.below(bytes.length - 40)] = random.below(256);
    try {
      checkDocuments(await readAll(pdfReader, chunksOf(bytes)));
    } catch (error) {
      assert.ok(error instanceof FractalError, String(error));
      assert.equal(error.kind, 'bad_input');
    }
  }
});

for (const { name, bytes } of realSamples(
  'pdf-samples/OSHA2001_OSH_Act_1970.pdf',
  'pdf-samples/pcir_cviolation3.pdf',
  'uk-edm-storm-overflows/2022/dataset_guide.pdf',
  'code-accord/English Regulations/PDF/Chapters Content/Approved_Document_K-Content.pdf',
))
  test(`pdf: ${name}`, async () => {
    checkDocuments(await readAll(pdfReader, chunksOf(bytes)));
    const [document] = await documentsOf(pdfReader, bytes);
    const nums = document?.sections.map(({ num }) => num) ?? [];
    if (name.startsWith('OSHA2001')) {
      // Sections 2 to 34 of the Act; some stand in the text, some again in the notes.
      const found = Array.from({ length: 33 }, (_, i) => String(i + 2)).filter((num) => nums.includes(num));
      assert.ok(found.length >= 30, `sections found: ${found.join(' ')}`);
    }
    if (name.startsWith('Approved'))
      for (const num of ['0.1', '1.1', '1.2', '2.1', '3.1']) assert.ok(nums.includes(num), num);
    assert.ok(document?.sections.every(({ citation }) => / p\. \d+/.test(citation)));
  });
