/** From what a reference says to what is there: in the document at hand, or on this node, or neither. */
import { eidsOf } from './names.ts';
import type { Place, Places } from './places.ts';
import type { Reference, Step } from './reference.ts';

export type Resolution = 'provision' | 'ancestor' | 'document' | 'named' | 'none';

export interface Resolved {
  readonly kind: 'internal' | 'external';
  readonly documentId: string | undefined;
  /** `document_id#eid`. */
  readonly sectionId: string | undefined;
  readonly resolution: Resolution;
}

/** What this node holds at present. */
export interface Holdings {
  /** Identity of the document with this title or official citation. */
  titled(title: string): string | undefined;
  hasDocument(documentId: string): boolean;
  /** Whether the present version of its document has this provision. */
  hasSection(sectionId: string): boolean;
}

/** Levels a provision is counted from: `paragraph (b) of this section`. */
const UNITS: ReadonlySet<string> = new Set(['section', 'article', 'schedule', 'annex', 'appendix']);

const OWN: Readonly<Record<string, readonly string[]>> = {
  paragraph: ['paragraph'],
  section: ['section', 'division'],
  article: ['article', 'section'],
  regulation: ['section'],
  rule: ['section'],
  part: ['part'],
  subpart: ['subpart'],
  chapter: ['chapter'],
  annex: ['annex', 'schedule'],
  schedule: ['schedule', 'annex'],
  appendix: ['appendix'],
};

/** Undefined when an inner thing of a range does not exist. */
export function resolve(
  reference: Reference,
  from: string,
  documentId: string,
  places: Places,
  holdings: Holdings,
): Resolved | undefined {
  const { target, implied } = reference;
  if (target.in === 'here') {
    const here = inDocument(target.from, target.path, places.at(from), places);
    if (implied && here.resolution !== 'provision') return undefined;
    const sectionId = here.eid === undefined ? undefined : `${documentId}#${here.eid}`;
    return { kind: 'internal', documentId, sectionId, resolution: here.resolution };
  }
  if (target.in === 'unknown') return implied ? undefined : outside(undefined, undefined, 'none');
  const other = target.in === 'document' ? target.documentId : holdings.titled(target.title);
  if (other === undefined) return implied ? undefined : outside(undefined, undefined, 'none');
  if (other === documentId)
    return resolve(
      { ...reference, target: { in: 'here', from: 'root', path: target.path } },
      from,
      documentId,
      places,
      holdings,
    );
  const names = eidsOf(other, target.path).map((eid) => `${other}#${eid}`);
  if (!holdings.hasDocument(other)) {
    // Sections are not numbered without gaps, labels and parts are.
    const isGuess = implied && target.path.length === 1 && /^section:/.test(target.path[0] ?? '');
    return isGuess ? undefined : outside(other, names[0], 'named');
  }
  const at = names.findIndex((name) => holdings.hasSection(name));
  if (implied && at !== 0) return undefined;
  if (at < 0) return outside(other, undefined, 'document');
  return outside(other, names[at], at === 0 ? 'provision' : 'ancestor');
}

function outside(
  documentId: string | undefined,
  sectionId: string | undefined,
  resolution: Resolution,
): Resolved {
  return { kind: 'external', documentId, sectionId, resolution };
}

interface Found {
  readonly eid: string | undefined;
  readonly resolution: Resolution;
}

function inDocument(
  from: 'root' | 'unit' | 'around',
  path: readonly Step[],
  at: Place | undefined,
  places: Places,
): Found {
  const own = /^own:(.+)$/.exec(path[0] ?? '')?.[1];
  if (own !== undefined) {
    const place = ancestors(at).find(
      ({ level, path: steps, parent }) => OWN[own]?.includes(level) && steps !== parent?.path,
    );
    return place === undefined
      ? { eid: undefined, resolution: 'document' }
      : { eid: place.eid, resolution: 'provision' };
  }
  if (path.length === 0) return { eid: undefined, resolution: 'document' };
  const bases = basesOf(from, path, at);
  for (const base of bases) {
    const eid =
      places.find([...base, ...path]) ??
      inOnlyParagraph(base, path, places) ??
      (base.length === 0 ? asUnit(path, places) : undefined);
    if (eid !== undefined) return { eid, resolution: 'provision' };
  }
  const [base = []] = bases;
  for (let n = path.length - 1; n > 0; n--) {
    const eid = places.find([...base, ...path.slice(0, n)]);
    if (eid !== undefined) return { eid, resolution: 'ancestor' };
  }
  const around = from === 'root' ? [] : ancestors(at);
  const isInner = !/^\d/.test(path[0] ?? '');
  const unit = around.find(
    (place) =>
      UNITS.has(place.level) ||
      (isInner && place.level === 'paragraph' && /^\d/.test(place.path.at(-1) ?? '')),
  );
  return unit === undefined
    ? { eid: undefined, resolution: 'document' }
    : { eid: unit.eid, resolution: 'ancestor' };
}

/** `Article 3, point (47)`, where all points are those of paragraph 1. */
function inOnlyParagraph(base: readonly Step[], path: readonly Step[], places: Places): string | undefined {
  const [unit, ...rest] = [...base, ...path];
  if (unit === undefined || rest.length === 0 || rest[0] === '1' || !/^(?:article|unit):/.test(unit))
    return undefined;
  return places.find([unit, '1', ...rest]);
}

/** `paragraph 6`, where the provisions of a scheme are themselves called paragraphs. */
function asUnit(path: readonly Step[], places: Places): string | undefined {
  const [first = '', ...rest] = path;
  return /^\d/.test(first) ? places.find([`unit:${first}`, ...rest]) : undefined;
}

/** Paths to try before the one printed, most likely first. */
function basesOf(
  from: 'root' | 'unit' | 'around',
  path: readonly Step[],
  at: Place | undefined,
): readonly (readonly Step[])[] {
  const chain = ancestors(at);
  const unit = chain.find(({ level }) => UNITS.has(level));
  const unitPath = unit?.path ?? [];
  const inward = chain
    .slice(0, unit === undefined ? chain.length : chain.indexOf(unit) + 1)
    .map((place) => place.path);
  const outward = unit === undefined ? [] : chain.slice(chain.indexOf(unit)).map((place) => place.path);
  if (from === 'root') return [[], ...outward];
  // Subparagraphs are those of the numbered paragraph, or of the article that has none.
  if (path[0]?.startsWith('sub:') === true) {
    const numbered = inward.filter(
      (steps) => /^\d/.test(steps.at(-1) ?? '') && steps.length > unitPath.length,
    );
    return [...numbered, unitPath];
  }
  // A numbered paragraph is counted from the article; a letter or a second sentence from the paragraph around it.
  if (from === 'unit' || /^\(?\d/.test(path[0] ?? '')) return [unitPath, ...inward, ...outward];
  return [...inward, ...outward, []];
}

function ancestors(at: Place | undefined): readonly Place[] {
  const chain: Place[] = [];
  for (let place = at; place !== undefined; place = place.parent) chain.push(place);
  return chain;
}
