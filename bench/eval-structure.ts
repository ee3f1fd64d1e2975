/**
 * `npm run eval:structure`: our reading of 40 CFR 262, 263 and 271 beside the reference parse of eRegs. Needs ../shared/data
 * (or FRACTAL_SHARED). Paragraph labels are compared by `bench/ingest-structure.ts`; this adds references and defined terms.
 *
 * The XML of part 262 is read by our reader. That of 263 and 271 is not in the data: for these our finders read the text of
 * the reference itself, provision by provision, so that only finding and resolving is compared, not the reading.
 *
 * Every disagreement must be judged in test/ingest/data/eregs-judged.json; one that is not makes the script exit 1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../src/base/index.ts';
import { isHistory } from '../src/ingest/amendments/index.ts';
import { cfrAnnualReader } from '../src/ingest/cfr-annual.ts';
import { Places, findReferences, resolve, type Reference } from '../src/ingest/citations/index.ts';
import { findDefinitions } from '../src/ingest/definitions/index.ts';
import type { SectionNode } from '../src/ingest/reader.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const eregs = path.join(shared, 'eregs-epa-parse/tests/integration-data/epa');
const JUDGED = 'test/ingest/data/eregs-judged.json';

type Provision = Omit<SectionNode, 'citation'>;

interface EregsNode {
  readonly label: readonly string[];
  readonly node_type: string;
  readonly title?: string;
  readonly children: readonly EregsNode[];
  readonly text: string;
}

/** One finding, by what both sides must agree on. */
interface Finding {
  /** `internal`, `external`, `term`. */
  readonly layer: string;
  /** Section or appendix it stands in: `262-34`. */
  readonly where: string;
  /** `262-40-c`, `40/261-5-c`, `laboratory`. */
  readonly key: string;
  readonly printed: string;
}

interface Judged {
  readonly part: string;
  readonly layer: string;
  readonly side: 'only ours' | 'only eRegs';
  readonly where: string;
  readonly key: string;
  readonly right: 'ours' | 'eRegs' | 'both';
  readonly reason: string;
}

async function* bytesOf(file: string): AsyncIterable<Uint8Array> {
  yield readFileSync(file);
}

async function readPart(part: string): Promise<readonly Provision[] | undefined> {
  const file = path.join(shared, `cfr-annual-xml/annual/CFR-2015-title40-vol26-part${part}.xml`);
  if (!existsSync(file)) return undefined;
  const found: Provision[] = [];
  const input = { name: path.basename(file), chunks: bytesOf(file), limits: DEFAULT_LIMITS };
  for await (const events of cfrAnnualReader.read(input))
    for (const event of events) if (event.type === 'section') found.push(event.section);
  return found;
}

/** The tree of the reference with ids as our reader would give them. */
function asProvisions(root: EregsNode): readonly Provision[] {
  const found: Provision[] = [];
  const walk = (node: EregsNode, parentEid: string | undefined): void => {
    const [part = '', ...rest] = node.label;
    const isSubpart = rest[0] === 'Subpart';
    const last = rest.at(-1) ?? '';
    const isSection = rest.length === 1;
    const eid =
      rest.length === 0 ? `part-${part}` : isSubpart ? `subpart-${last}` : `s${part}.${rest.join('-')}`;
    const isNumbered = !/^p\d+$/.test(last);
    const num = isSection ? `${part}.${last}` : isNumbered ? last : undefined;
    const level = rest.length === 0 ? 'part' : isSubpart ? 'subpart' : isSection ? 'section' : 'paragraph';
    const heading = node.title?.replace(/^§ \S+ /, '');
    // The reference keeps the label in the text.
    const text = node.text.replace(/^\((?:\w{1,4})\)\s*/, '');
    found.push({ eid, parentEid, level, num: rest.length === 0 ? part : num, heading, text });
    for (const child of node.children) walk(child, eid);
  };
  walk(root, undefined);
  return found;
}

const holdings = { titled: () => undefined, hasDocument: () => false, hasSection: () => false };

/** `262-34` of `s262.34-a-1`. */
function sectionOf(eid: string): string {
  return /^s(\d+\.\d+)/.exec(eid)?.[1]?.replace('.', '-') ?? eid.replace(/^(app-[^-]+).*/, '$1');
}

function ourReferences(
  part: string,
  provisions: readonly Provision[],
): { readonly found: readonly Finding[]; readonly outside: Map<string, number> } {
  const places = new Places();
  for (const provision of provisions) places.add(provision);
  const documentId = `us/cfr/40/${part}`;
  const document = { documentId, jurisdiction: 'US', family: 'cfr', aliases: new Map<string, string>() };
  const found: Finding[] = [];
  const outside = new Map<string, number>();
  for (const provision of provisions) {
    if (isHistory(provision)) continue;
    for (const reference of findReferences(provision.text, document)) {
      const printed = provision.text.slice(reference.start, reference.end);
      const why = outOfScope(reference, printed);
      if (why !== undefined) outside.set(why, (outside.get(why) ?? 0) + 1);
      else found.push(...keysOf(reference, printed, provision.eid, documentId, places));
    }
  }
  return { found, outside };
}

/** What the reference parse never marks, whatever the text says. */
function outOfScope(reference: Reference, printed: string): string | undefined {
  const { target } = reference;
  if (reference.implied) return 'inside of a printed range: eRegs marks its ends';
  if (target.in === 'titled') return 'Federal Register';
  if (target.in === 'unknown') return 'section of a statute, executive order, public law';
  const [first = ''] = target.path;
  if (first.startsWith('own:') || (target.path.length === 0 && /^this /i.test(printed)))
    return 'this part, this subpart, this section';
  if (target.in === 'here' && /^(?:subpart|appendix):/.test(first) && !/CFR/.test(printed))
    return 'subpart or appendix of this part';
  // Of `subparts I, AA and BB of 40 CFR part 265` eRegs marks `40 CFR part 265`.
  if (target.in === 'document' && first.startsWith('subpart:') && !/CFR/.test(printed))
    return 'subpart of another part, without its title';
  if (target.in === 'document' && first.startsWith('appendix:') && !/CFR/.test(printed))
    return 'appendix of another part, without its title';
  return undefined;
}

function keysOf(
  reference: Reference,
  printed: string,
  eid: string,
  documentId: string,
  places: Places,
): readonly Finding[] {
  const where = sectionOf(eid);
  const { target } = reference;
  if (target.in === 'titled' || target.in === 'unknown') return [];
  const steps = target.path.filter((step) => !/^(?:subpart|appendix):/.test(step));
  if (target.in === 'document') {
    const [, system = '', title = '', part = ''] = target.documentId.split('/');
    if (system === 'usc')
      return [
        {
          layer: 'external',
          where,
          key: `${title.replace('title-', '')} U.S.C. ${steps[0]?.slice(8) ?? ''}`,
          printed,
        },
      ];
    const [first, ...labels] = steps;
    const section = first === undefined ? [] : [first.slice('section:'.length).split('.')[1] ?? ''];
    return [
      { layer: 'external', where, key: `${title}/${[part, ...section, ...labels].join('-')}`, printed },
    ];
  }
  const resolved = resolve(reference, eid, documentId, places, holdings);
  const own = documentId.split('/').at(-1) ?? '';
  const first = target.path[0] ?? '';
  if (
    !/^(?:subpart|appendix):/.test(first) &&
    resolved?.resolution === 'provision' &&
    resolved.sectionId !== undefined
  )
    return [
      {
        layer: 'internal',
        where,
        key: resolved.sectionId.slice(documentId.length + 2).replace('.', '-'),
        printed,
      },
    ];
  if (/^(?:subpart|appendix):/.test(first)) return [{ layer: 'internal', where, key: own, printed }];
  const base = first.startsWith('section:')
    ? [first.slice(8).replace('.', '-')]
    : first === ''
      ? [own]
      : [where, first];
  return [{ layer: 'internal', where, key: [...base, ...target.path.slice(1)].join('-'), printed }];
}

function ourTerms(provisions: readonly Provision[]): readonly Finding[] {
  const byEid = new Map(provisions.map((provision) => [provision.eid, provision]));
  return provisions.flatMap((node) => {
    const above: Provision[] = [];
    for (let up = byEid.get(node.parentEid ?? ''); up !== undefined; up = byEid.get(up.parentEid ?? ''))
      above.unshift(up);
    const leadIns = above.map(({ text }) => text);
    const headings = above.map(({ heading }) => heading ?? '');
    return findDefinitions({ node, leadIns, headings }).map(({ term }) => ({
      layer: 'term',
      where: sectionOf(node.eid),
      key: term.toLowerCase(),
      printed: term,
    }));
  });
}

function read<T>(...names: readonly string[]): T {
  return JSON.parse(readFileSync(path.join(eregs, ...names), 'utf8')) as T;
}

/** `262-34` of `262-34-a-1` and of `262-102-p123`. */
function sectionOfLabel(label: string): string {
  const [part = '', section = ''] = label.split('-');
  return /^[A-Z]$/.test(section) ? `app-${section}` : `${part}-${section}`;
}

function theirReferences(part: string, texts: ReadonlyMap<string, string>): readonly Finding[] {
  type Internal = Readonly<
    Record<
      string,
      readonly {
        readonly citation: readonly string[];
        readonly offsets: readonly (readonly [number, number])[];
      }[]
    >
  >;
  type External = Readonly<
    Record<
      string,
      readonly {
        readonly citation_type: string;
        readonly components: Readonly<Record<string, string>>;
        readonly locations: readonly number[];
        readonly text: string;
      }[]
    >
  >;
  const layer = `cfr/2015-annual-${part}/${part}`;
  const internal = read<Internal>('layer/internal-citations', layer);
  const external = read<External>('layer/external-citations', layer);
  const found: Finding[] = [];
  for (const [label, citations] of Object.entries(internal))
    for (const { citation, offsets } of citations)
      for (const [start, end] of offsets)
        found.push({
          layer: 'internal',
          where: sectionOfLabel(label),
          key: citation.join('-'),
          printed: texts.get(label)?.slice(start, end) ?? '',
        });
  for (const [label, citations] of Object.entries(external))
    for (const { citation_type, components, locations, text } of citations) {
      const { cfr_title, part: cited = '', section, title, ...labels } = components;
      const below = Object.keys(labels)
        .filter((name) => /^p\d$/.test(name))
        .sort()
        .map((name) => labels[name] ?? '');
      const key =
        citation_type === 'USC'
          ? `${title ?? ''} U.S.C. ${section ?? ''}`
          : citation_type === 'CFR'
            ? `${cfr_title ?? ''}/${[cited, ...(section === undefined ? [] : [section]), ...below].join('-')}`
            : text;
      for (let n = 0; n < locations.length; n++)
        found.push({ layer: 'external', where: sectionOfLabel(label), key, printed: text });
    }
  return found;
}

function theirTerms(part: string): readonly Finding[] {
  const { referenced } = read<{ referenced: Readonly<Record<string, { term: string; reference: string }>> }>(
    `layer/terms/cfr/2015-annual-${part}/${part}`,
  );
  return Object.values(referenced).map(({ term, reference }) => ({
    layer: 'term',
    where: sectionOfLabel(reference),
    key: term,
    printed: term,
  }));
}

/** Takes each finding away from the other side once. */
function without(all: readonly Finding[], taken: readonly Finding[]): readonly Finding[] {
  const left = new Map<string, number>();
  const id = ({ layer, where, key }: Finding): string => `${layer} ${where} ${key}`;
  for (const one of taken) left.set(id(one), (left.get(id(one)) ?? 0) + 1);
  return all.filter((one) => {
    const n = left.get(id(one)) ?? 0;
    left.set(id(one), n - 1);
    return n <= 0;
  });
}

const judged = existsSync(JUDGED) ? (JSON.parse(readFileSync(JUDGED, 'utf8')) as readonly Judged[]) : [];
const open: Judged[] = [];
let wrong = 0;
let marked = 0;
let both = 0;
let differ = 0;

function compare(part: string, layer: string, ours: readonly Finding[], theirs: readonly Finding[]): void {
  const mine = ours.filter((one) => one.layer === layer);
  const other = theirs.filter((one) => one.layer === layer);
  const onlyOurs = without(mine, other);
  const onlyTheirs = without(other, mine);
  const same = mine.length - onlyOurs.length;
  if (mine.length + other.length === 0) {
    console.log(`40 CFR ${part} ${layer}: nothing on either side`);
    return;
  }
  const differing = [
    ...onlyOurs.map((one) => ({ ...one, side: 'only ours' as const })),
    ...onlyTheirs.map((one) => ({ ...one, side: 'only eRegs' as const })),
  ];
  const raw = same / Math.max(1, same + differing.length);
  const verdicts = { ours: 0, eRegs: 0, both: 0, open: 0 };
  const lines = differing.map(({ side, where, key, printed }) => {
    const at = judged.find(
      (one) =>
        one.part === part &&
        one.layer === layer &&
        one.side === side &&
        one.where === where &&
        one.key === key,
    );
    verdicts[at?.right ?? 'open']++;
    if (at === undefined) open.push({ part, layer, side, where, key, right: 'ours', reason: printed });
    return `  ${side}: ${where} → ${key} “${printed}” — ${at === undefined ? 'NOT YET JUDGED' : `${at.right} right: ${at.reason}`}`;
  });
  both += same;
  marked += other.length;
  differ += differing.length;
  wrong += verdicts.eRegs + verdicts.open;
  const fair = (same + verdicts.ours + verdicts.both) / Math.max(1, same + differing.length);
  console.log(
    `40 CFR ${part} ${layer}: ours ${mine.length}, eRegs ${other.length}, agree ${same}, raw agreement ${(100 * raw).toFixed(2)} %, ` +
      `we are wrong in ${verdicts.eRegs}, not judged ${verdicts.open}, agreement with only our errors against us ${(100 * fair).toFixed(2)} %`,
  );
  for (const line of lines) console.log(line);
}

for (const part of ['262', '263', '271']) {
  if (!existsSync(path.join(eregs, `regulation/${part}/2015-annual-${part}`))) {
    console.log(`40 CFR ${part}: skipped, data is not there`);
    continue;
  }
  const tree = read<EregsNode>(`regulation/${part}/2015-annual-${part}`);
  const texts = new Map<string, string>();
  const walk = (node: EregsNode): void => {
    texts.set(node.label.join('-'), node.text);
    node.children.forEach(walk);
  };
  walk(tree);
  const fromXml = await readPart(part);
  const provisions = fromXml ?? asProvisions(tree);
  console.log(
    `\n40 CFR ${part}: ${fromXml === undefined ? 'text of the reference parse (its XML is not in the data)' : 'annual XML, our reader'}`,
  );
  const { found, outside } = ourReferences(part, provisions);
  const theirs = theirReferences(part, texts);
  compare(part, 'internal', found, theirs);
  compare(part, 'external', found, theirs);
  compare(part, 'term', ourTerms(provisions), theirTerms(part));
  for (const [why, n] of outside) console.log(`  beyond the reference parse, not compared: ${n} × ${why}`);
}
console.log(
  `\nof ${marked} findings of the reference parse we have ${both}: ${((100 * both) / Math.max(1, marked)).toFixed(2)} %`,
);
console.log(
  `in all: ${both} agree, ${differ} differ, raw agreement ${((100 * both) / Math.max(1, both + differ)).toFixed(2)} %; ` +
    `wrong or not judged ${wrong}, agreement ${((100 * (both + differ - wrong)) / Math.max(1, both + differ)).toFixed(2)} %`,
);
if (open.length > 0) {
  console.error(`${open.length} disagreements are not yet judged: add them to ${JUDGED}`);
  if (process.env['UNJUDGED'] !== undefined)
    writeFileSync(process.env['UNJUDGED'], JSON.stringify(open, null, 1));
  process.exitCode = 1;
}
