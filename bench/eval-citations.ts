/**
 * `npm run eval:citations`: the references that were read by eye, against what the finder says now. Needs ../shared/data
 * (or FRACTAL_SHARED). `-- --draw SEED` draws a new sample of 100 references and 30 whole provisions per jurisdiction
 * instead and writes it to the two files in test/ingest/data, for someone to read.
 *
 * A reference counts as right when its span is what a reader would mark, it is a reference to law, and its target is
 * what the text means or, where that is not on the node, its name by the rules of the readers. Precision is the share of
 * right ones among those drawn, recall the share of those a reader finds in whole provisions that we found too.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../src/base/index.ts';
import { isHistory } from '../src/ingest/amendments/index.ts';
import { Aliases, LeadIns, Places, findReferences, resolve } from '../src/ingest/citations/index.ts';
import { detectReader, type DocumentHead, type SectionNode } from '../src/ingest/index.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const DRAWN = 'test/ingest/data/citations-read.json';
const WHOLE = 'test/ingest/data/provisions-read.json';

const FILES: Readonly<Record<string, readonly string[]>> = {
  US: [
    'cfr-annual-xml/annual/CFR-2015-title40-vol26-part262.xml',
    'cfr-annual-xml/annual/CFR-2004-title27-vol2-part555.xml',
    'ecfr-osha-1910-147/osha_1910_147_raw.xml',
    'ecfr-7cfr1b-nepa/title-7.xml',
  ],
  UK: [
    'uk-clml/sampleXML/uksi_20051643_en.xml',
    'uk-clml/sampleXML/uksi_1994_397_sld_made.xml',
    'uk-clml/sampleXML/asp_20030002_en.xml',
    'uk-clml/sampleXML/uksi_200300562_en.xml',
    'uk-clml/sampleXML/ukpga_20210005_en.xml',
    'uk-clml/sampleXML/anaw-2018-1-historical-2018-01-24.xml',
    'uk-clml/sampleXML/wsi_2019_110_kqpap_made.xml',
  ],
  EU: [
    'eurlex-esh/32003l0087/2024-03-01--a8543891/en.fmx4/CL2003L0087EN0160010.0001.xml',
    'eurlex-esh/32023r1542/2024-07-18--662058d8/en.html',
    'eurlex-esh/32018r2066/2021-01-01--0d4e78e5/en.xml',
    'eurlex-esh/31996l0061/2008-02-18--73662df9/en.fmx4/CL1996L0061EN0050010.0001.xml',
    'eurlex-esh/32021r1119/2026-04-07--9bfcbd41/en.html',
  ],
};
const PER_JURISDICTION = 100;
const PROVISIONS = 30;
/** Provisions read whole are long enough to cite, and short enough to read. */
const WHOLE_CHARS = [150, 1500] as const;

interface Found {
  readonly file: string;
  readonly eid: string;
  readonly start: number;
  readonly end: number;
  readonly printed: string;
  /** `internal provision uk/uksi/2005/1643#regulation-6`. */
  readonly target: string;
}

interface Read extends Found {
  readonly jurisdiction: string;
  readonly right: boolean;
  /** Why not. */
  readonly reason?: string;
}

interface ReadWhole {
  readonly jurisdiction: string;
  readonly file: string;
  readonly eid: string;
  /** References found, and right ones a reader finds besides. */
  readonly found: number;
  readonly missed: readonly string[];
}

async function* bytesOf(file: string): AsyncIterable<Uint8Array> {
  yield readFileSync(file);
}

async function referencesOf(
  file: string,
): Promise<{ readonly nodes: readonly SectionNode[]; readonly found: readonly Found[] }> {
  const at = path.join(shared, file);
  const reader = detectReader({
    name: path.basename(at),
    head: readFileSync(at).subarray(0, 16_384).toString('utf8'),
  });
  const places = new Places();
  const aliases = new Aliases();
  const nodes: SectionNode[] = [];
  let head: DocumentHead | undefined;
  for await (const events of reader.read({
    name: path.basename(at),
    chunks: bytesOf(at),
    limits: DEFAULT_LIMITS,
  }))
    for (const event of events) {
      if (event.type === 'document') head = event.head;
      if (event.type !== 'section') continue;
      nodes.push(event.section);
      places.add(event.section);
      aliases.learn(event.section.text);
    }
  if (head === undefined) return { nodes, found: [] };
  const { documentId, jurisdiction, family, title } = head;
  const document = { documentId, jurisdiction, family, aliases: aliases.names };
  const bare = (name: string): string => name.toLowerCase().replace(/^the /, '');
  // As on a node that has no other document.
  const holdings = {
    titled: (name: string) => (bare(name) === bare(title) ? documentId : undefined),
    hasDocument: () => false,
    hasSection: () => false,
  };
  const leadIns = new LeadIns();
  const found = nodes.flatMap((node) => {
    const leadIn = leadIns.enter(node);
    if (isHistory(node)) return [];
    return findReferences(node.text, document, leadIn).flatMap((reference): Found[] => {
      const { start, end } = reference;
      const resolved = resolve(reference, node.eid, documentId, places, holdings);
      if (resolved === undefined) return [];
      const target =
        `${resolved.kind} ${resolved.resolution} ${resolved.sectionId ?? resolved.documentId ?? ''}`.trim();
      return [{ file, eid: node.eid, start, end, printed: node.text.slice(start, end), target }];
    });
  });
  return { nodes, found };
}

/** Numbers from 0 to below 1, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Draws from each file in turn, so that no long document fills the sample. */
function draw<T>(pools: readonly (readonly T[])[], count: number, next: () => number): T[] {
  const left = pools.map((pool) => [...pool]);
  const drawn: T[] = [];
  for (let turn = 0; drawn.length < count && left.some((pool) => pool.length > 0); turn++) {
    const pool = left[turn % left.length] ?? [];
    const [one] = pool.splice(Math.floor(next() * pool.length), 1);
    if (one !== undefined) drawn.push(one);
  }
  return drawn;
}

async function drawNew(seed: number): Promise<void> {
  const next = numbers(seed);
  const references: Read[] = [];
  const provisions: ReadWhole[] = [];
  for (const [jurisdiction, files] of Object.entries(FILES)) {
    const read = await Promise.all(files.map(referencesOf));
    const drawn = draw(
      read.map(({ found }) => found),
      PER_JURISDICTION,
      next,
    );
    references.push(...drawn.map((one) => ({ jurisdiction, ...one, right: true })));
    const whole = read.map(({ nodes, found }, i) =>
      nodes
        .filter(
          ({ text, level }) =>
            text.length >= WHOLE_CHARS[0] && text.length <= WHOLE_CHARS[1] && level !== 'table',
        )
        .map(({ eid }) => ({
          jurisdiction,
          file: files[i] ?? '',
          eid,
          found: found.filter((one) => one.eid === eid).length,
          missed: [],
        })),
    );
    provisions.push(...draw(whole, PROVISIONS, next));
  }
  writeFileSync(DRAWN, `${JSON.stringify(references, null, 1)}\n`);
  writeFileSync(WHOLE, `${JSON.stringify(provisions, null, 1)}\n`);
}

async function check(): Promise<void> {
  const read = JSON.parse(readFileSync(DRAWN, 'utf8')) as readonly Read[];
  const whole = JSON.parse(readFileSync(WHOLE, 'utf8')) as readonly ReadWhole[];
  let lost = 0;
  for (const [jurisdiction, files] of Object.entries(FILES)) {
    const present = files.filter((file) => existsSync(path.join(shared, file)));
    if (present.length < files.length)
      console.log(`# ${jurisdiction}: ${files.length - present.length} files are not below ${shared}`);
    const now = new Set<string>();
    for (const file of present) for (const one of (await referencesOf(file)).found) now.add(idOf(one));
    const own = read.filter((one) => one.jurisdiction === jurisdiction && present.includes(one.file));
    const right = own.filter((one) => one.right);
    for (const one of right)
      if (!now.has(idOf(one))) {
        lost++;
        console.log(`  lost: ${one.file} ${one.eid} “${one.printed}” → ${one.target}`);
      }
    const provisions = whole.filter((one) => one.jurisdiction === jurisdiction);
    const found = provisions.reduce((sum, one) => sum + one.found, 0);
    const missed = provisions.flatMap((one) => one.missed.map((printed) => `${one.eid} “${printed}”`));
    console.log(
      `${jurisdiction}: precision ${right.length} of ${own.length} read (${((100 * right.length) / Math.max(1, own.length)).toFixed(1)} %); ` +
        `recall ${found} of ${found + missed.length} in ${provisions.length} provisions read (${((100 * found) / Math.max(1, found + missed.length)).toFixed(1)} %)`,
    );
    for (const one of own.filter(({ right: isRight }) => !isRight))
      console.log(
        `  wrong${now.has(idOf(one)) ? '' : ', since corrected'}: ${one.eid} “${one.printed}” → ${one.target}: ${one.reason ?? ''}`,
      );
    for (const one of missed) console.log(`  missed: ${one}`);
  }
  if (lost > 0) {
    console.error(`${lost} references that were right are no longer found so`);
    process.exitCode = 1;
  }
}

function idOf({ file, eid, start, end, target }: Found): string {
  return `${file} ${eid} ${start} ${end} ${target}`;
}

const at = process.argv.indexOf('--draw');
if (at < 0) await check();
else await drawNew(Number(process.argv[at + 1]));
