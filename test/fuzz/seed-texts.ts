/** Small documents in the formats that sample/ does not have, written for the fuzzer. */
import type { PackedFile } from './packed.ts';

const META =
  '<meta><identification source="#s"><FRBRWork><FRBRthis value="/akn/us/act/2024-01-02/9-9/!main"/><FRBRuri value="/akn/us/act/2024-01-02/9-9"/><FRBRcountry value="us"/><FRBRnumber value="9-9"/></FRBRWork><FRBRExpression><FRBRdate date="2024-03-04" name="x"/><FRBRlanguage language="eng"/></FRBRExpression></identification></meta>';

export const AKN = `<?xml version="1.0" encoding="UTF-8"?><akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act name="act">${META}
<preface><longTitle><p>An <docTitle>Act about ladders</docTitle></p></longTitle></preface>
<preamble><recitals><recital eId="recs_1__rec_1"><num>(1)</num><p>Ladders fall.</p></recital></recitals></preamble>
<body><chapter eId="chp_1"><num>CHAPTER 1</num><heading>General</heading><article eId="art_1"><num>Article 1</num><heading>Scope</heading>
<paragraph eId="art_1__para_1"><num>(1)</num><list><intro><p>The picker shall:</p></intro><point><num>(a)</num><content><p>climb;</p><table><tr><td><p>Apple</p></td><td><p>4</p></td></tr></table></content></point><wrapUp><p>and descend.</p></wrapUp></list></paragraph>
<paragraph><num>(2)</num><content><p>New: <mod><quotedStructure><section><num>7.</num><content><p>Trees stand.</p></content></section></quotedStructure></mod></p></content></paragraph></article></chapter></body>
<attachments><attachment><heading>Annex I</heading><doc name="annex">${META}<mainBody><p>Kinds of trees.</p></mainBody></doc></attachment></attachments></act></akomaNtoso>`;

export const FEDREG = `<?xml version="1.0" encoding="UTF-8"?>
<FEDREG><VOL>89</VOL><NO>29</NO><DATE>Monday, February 12, 2024</DATE>
<RULES><RULE><PREAMB><PRTPAGE P="9741"/><AGENCY TYPE="F">DEPARTMENT OF ORCHARDS</AGENCY><CFR>29 CFR Part 9999</CFR><SUBJECT>Ladders in Orchards</SUBJECT><EFFDATE><HD SOURCE="HED">DATES:</HD><P>This rule is effective March 13, 2024.</P></EFFDATE></PREAMB>
<SUPLINF><HD SOURCE="HED">SUPPLEMENTARY INFORMATION:</HD><HD SOURCE="HD1">I. Background</HD><P>Ladders fall.<SU>1</SU><FTREF/></P><FTNT><P><SU>1</SU> See trees.</P></FTNT><PRTPAGE P="9742"/><GPOTABLE><TTITLE>Costs</TTITLE><ROW><ENT>Oak</ENT><ENT>4</ENT></ROW></GPOTABLE>
<PART><HD SOURCE="HED">PART 9999—LADDERS</HD><REGTEXT TITLE="29" PART="9999"><AMDPAR>1. Revise § 9999.12 to read as follows:</AMDPAR><SECTION><SECTNO>§ 9999.12</SECTNO><SUBJECT>Feet.</SUBJECT><P>(a) Two.</P><STARS/></SECTION></REGTEXT></PART>
<SIG><DATED>Dated: February 2, 2024.</DATED><NAME>A. Person,</NAME></SIG></SUPLINF><FRDOC>[FR Doc. 2024–00001 Filed 2–8–24; 2:00 pm]</FRDOC></RULE></RULES>
<NOTICES><NOTICE><PREAMB><AGENCY>ORCHARDS</AGENCY><SUBJECT>Meeting</SUBJECT></PREAMB><P>We meet.</P><FRDOC>[FR Doc. 2024–00002 Filed 2–8–24; 2:00 pm]</FRDOC></NOTICE></NOTICES>
</FEDREG>`;

const section = (id: string, title: string, lines: readonly string[]): unknown => ({
  section_id: id,
  title: `${id} - ${title}`,
  url: `https://www.osha.gov/laws-regs/regulations/standardnumber/1926/${id}`,
  full_text: [
    'Part Number:1926',
    'Part Number Title:Ladders',
    'Subpart:1926 Subpart A',
    `Title:${title}`,
    ...lines,
  ].join('\n'),
});
export const CFR_JSON = JSON.stringify([
  section('1926.1', 'Scope.', [
    '(a) Ladders.Each ladder stands.',
    '(1) The employer shall hold it.',
    'No more.',
  ]),
  section('1926.2', 'Trees.', ['A tree is no ladder.']),
  section('1926.2 App A', 'Kinds', ['1. Apple.', '2. Pear.']),
]);

export const HTML = `<!DOCTYPE html><html lang="en-GB"><head><title>A &amp; B</title><style>p{}</style></head><body>
<nav><a href="/">Home</a></nav><main><h1>Ladders</h1><p>One&nbsp;two<br>three &#167; 5 &lt;b&gt; <script>var x = "<p>no</p>";</script>
<p>Unclosed <b>bold</p><ul><li>first<li>second</ul><h2 id="s">2 Tables</h2><table><tr><th>a</th><th>b</th></tr><tr><td>1<td>2</table>
<pre>x  y
z</pre><a title="a > b">link</a></main><footer>left out</footer></body></html>`;

export const MARKDOWN = `---
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

\`\`\`
# no heading
\`\`\`

Setext
------
> quoted **bold** __x__ snake_case_name
<!-- hidden -->
`;

/** The mapping of the IHM accidents fits it. */
export const CSV = `,Data,Countries,Industry Sector,Accident Level,Potential Accident Level,Genre,Employee or Third Party,Critical Risk,Description
0,01-01-2016 00:00,Country_01,Mining,I,IV,Male,Third Party,Pressed,"While picking, the ladder ""moved""
and the picker fell."
1,02-01-2016 00:00,Country_02,Metals,II,III,Female,Employee,Others,No one was hurt
`;

export const GEOJSON = JSON.stringify({
  type: 'FeatureCollection',
  features: ['TX1', 'TX2', 'TX3'].map((id, i) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [-97.5 + i, 30.25] },
    properties: { CWPName: `ORCHARD ${id}`, SourceID: id, CWPNAICSCodes: '111331 Apples' },
  })),
});

const cells = (...texts: readonly string[]): string =>
  texts.map((text) => `<c t="inlineStr"><is><t>${text}</t></is></c>`).join('');

/** The mapping of storm overflows fits it. */
export const WORKBOOK: readonly PackedFile[] = (
  [
    [
      'xl/workbook.xml',
      '<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
    ],
    [
      'xl/_rels/workbook.xml.rels',
      '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
    ],
    [
      'xl/sharedStrings.xml',
      '<sst><si><t>Orchard Water</t></si><si><r><t>Tree </t></r><r><t>Lane</t></r></si></sst>',
    ],
    [
      'xl/worksheets/sheet1.xml',
      `<worksheet><sheetData><row r="1">${cells('Water Company Name', 'Site Name', 'Permit No.', 'Total Duration (hrs)', 'Counted spills', '% of reporting period')}</row><row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" t="inlineStr"><is><t>P1</t></is></c><c r="D2"><v>12.5</v></c><c r="E2"><v>3</v></c></row></sheetData></worksheet>`,
    ],
  ] as const
).map(([name, text]) => ({ name, data: Buffer.from(text) }));

export const PROVISION = `The employer shall ensure that each picker: (a) wears a helmet; (b) climbs only if the ladder stands; and
(c) does not jump, unless the height is less than 0.5 m. No person may enter the orchard within 30 days after spraying
(see § 9999.12(a)(1)). "Ladder" means a thing with rungs. Records must be kept for at least 3 years by the operator, e.g. in
a file; the inspector may ask for them at any time. Subject to paragraph (2), a person who—
(i) owns a tree, or
(ii) rents one,
must not sell apples.`;

const content = (...lines: readonly (readonly [number, number, number, string])[]): string =>
  lines.map(([size, x, y, text]) => `BT /F ${size} Tf ${x} ${y} Td (${text}) Tj ET`).join('\n');

/** Two pages with headings, numbers and cells. */
export function pdf(): Buffer {
  const pages = [
    content(
      [20, 50, 700, 'Ladders in Orchards'],
      [10, 50, 660, 'Pickers climb ladders that are longer than they look and the'],
      [10, 50, 648, 'trees are taller still.'],
      [10, 50, 580, '2.1 The picker shall hold on with at least one hand.'],
      [10, 50, 500, 'Wood'],
      [10, 300, 500, 'Strength'],
    ),
    content([10, 50, 700, 'The apples are put into the basket and never thrown from above.']),
  ];
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Count 2 /Kids [4 0 R 6 0 R] >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  pages.forEach((text, i) => {
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents ${5 + i * 2} 0 R /Resources << /Font << /F 3 0 R >> >> >>`,
      `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    );
  });
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}
