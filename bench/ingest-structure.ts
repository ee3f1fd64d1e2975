/**
 * Compares our paragraph labels with the reference parse of eRegs, part by part:
 * `node bench/ingest-structure.ts`. Needs ../shared/data (or FRACTAL_SHARED).
 *
 * Compared are the designated paragraphs of sections (`262-34-a-1-iv-A`). Paragraphs without designator, appendices, notes
 * and tables are named differently by design and left out.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../src/base/index.ts';
import { cfrAnnualReader } from '../src/ingest/cfr-annual.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const parts = [
  { part: '262', xml: 'cfr-annual-xml/annual/CFR-2015-title40-vol26-part262.xml' },
  { part: '263', xml: 'cfr-annual-xml/annual/CFR-2015-title40-vol26-part263.xml' },
  { part: '271', xml: 'cfr-annual-xml/annual/CFR-2015-title40-vol26-part271.xml' },
];

interface EregsNode {
  readonly label: readonly string[];
  readonly node_type: string;
  readonly children: readonly EregsNode[];
  readonly text: string;
}

async function* bytesOf(file: string): AsyncIterable<Uint8Array> {
  yield readFileSync(file);
}

async function ourLabels(file: string): Promise<Map<string, string>> {
  const labels = new Map<string, string>();
  const input = { name: path.basename(file), chunks: bytesOf(file), limits: DEFAULT_LIMITS };
  for await (const events of cfrAnnualReader.read(input))
    for (const event of events) {
      if (event.type !== 'section') continue;
      const { level, num, eid, heading, text } = event.section;
      const isCounted = level === 'section' || (level === 'paragraph' && num !== undefined);
      if (isCounted && /^s\d/.test(eid)) {
        const own = level === 'section' ? text : `${num ?? ''} ${heading ?? ''} ${text}`;
        labels.set(eid.slice(1).replace('.', '-'), own);
      }
    }
  return labels;
}

function eregsLabels(file: string): Map<string, string> {
  const labels = new Map<string, string>();
  const walk = (node: EregsNode): void => {
    if (
      node.node_type === 'regtext' &&
      node.label.length > 1 &&
      !node.label.some((word) => /^p\d+$/.test(word))
    )
      labels.set(node.label.join('-'), node.text);
    node.children.forEach(walk);
  };
  walk(JSON.parse(readFileSync(file, 'utf8')) as EregsNode);
  return labels;
}

/** What both must share: letters, digits and signs. */
function squeeze(text: string): string {
  return text.replace(/[\s.—:^_]+/g, '');
}

for (const { part, xml } of parts) {
  const ourFile = path.join(shared, xml);
  const theirFile = path.join(
    shared,
    `eregs-epa-parse/tests/integration-data/epa/regulation/${part}/2015-annual-${part}`,
  );
  if (!existsSync(ourFile) || !existsSync(theirFile)) {
    console.log(`40 CFR ${part}: skipped, data is not there`);
    continue;
  }
  const ours = await ourLabels(ourFile);
  const theirs = eregsLabels(theirFile);
  const missing = [...theirs.keys()].filter((label) => !ours.has(label));
  const extra = [...ours.keys()].filter((label) => !theirs.has(label));
  const both = theirs.size - missing.length;
  const agreement = both / (both + missing.length + extra.length);
  console.log(
    `40 CFR ${part}: ours ${ours.size}, eRegs ${theirs.size}, both ${both}, agreement ${(100 * agreement).toFixed(2)} %`,
  );
  const differs = [...theirs.keys()].filter((label) => {
    const text = ours.get(label);
    return text !== undefined && squeeze(text) !== squeeze(theirs.get(label) ?? '');
  });
  console.log(`  own text differs in ${differs.length} of ${both}`);
  for (const label of differs)
    console.log(
      `  text: ${label}\n    ours  …${ours.get(label)?.slice(-90) ?? ''}\n    eRegs …${theirs.get(label)?.slice(-90) ?? ''}`,
    );
  for (const label of missing)
    console.log(`  only eRegs: ${label}  ${theirs.get(label)?.slice(0, 60) ?? ''}`);
  for (const label of extra) console.log(`  only ours:  ${label}  ${ours.get(label)?.slice(0, 60) ?? ''}`);
}
