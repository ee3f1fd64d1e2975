/**
 * The register of a document's obligations: who must, must not or may do what, with where each part stands, what the words
 * mean there and what they refer to. Every row is read by an authorised query, as SQL of the same principal would read it, and all of
 * one answer as of one commit.
 */
import { FIXED_LIMITS, FractalError, badInputError, type Limits } from '../../base/index.ts';
import { parseEvidence } from '../../schema/index.ts';
import {
  findDocument,
  inForceOn,
  knownAt,
  versionsOf,
  type LawDocument,
  type LawVersion,
} from './documents.ts';
import { findAnywhere, noProvision } from './find-provision.ts';
import type { ReadRows } from './provisions.ts';
import { TermFinder, type RegisterTerm } from './terms.ts';

export interface RegisterQuery {
  /** A document (id, citation, CELEX number) or a provision of one (citation or id): that and all below it. */
  readonly of: string;
  /** `YYYY-MM-DD` */
  readonly at: string;
  /** Words of the addressee, in any case. */
  readonly addressee: string | undefined;
  readonly topic: string | undefined;
  readonly modality: string | undefined;
}

/** Where a part stands. Offsets are UTF-16 units of the text or heading of its provision. */
export interface RegisterEvidence {
  readonly part: string;
  readonly name: string | null;
  readonly section_id: string;
  readonly in: 'text' | 'heading';
  readonly start: number;
  readonly end: number;
  /** The words there, cut from the text this node holds. */
  readonly text: string;
}

export interface RegisterReference {
  readonly text: string;
  /** How the cited provision is cited, when it is here and may be read. */
  readonly citation: string | null;
  readonly target_document_id: string | null;
  readonly target_section_id: string | null;
  readonly resolution: string;
  readonly section_id: string;
  readonly start: number;
  readonly end: number;
}

export interface RegisteredObligation {
  readonly obligation_id: string;
  readonly section_id: string;
  readonly citation: string;
  /** Its own, or the nearest above it. */
  readonly heading: string | null;
  readonly modality: string;
  readonly addressee: string | null;
  readonly action: string | null;
  readonly object: string | null;
  readonly condition: string | null;
  readonly deadline: string | null;
  readonly threshold: {
    readonly text: string;
    readonly comparison: string | null;
    readonly value: number | null;
    readonly unit: string | null;
  } | null;
  readonly exception: string | null;
  readonly topics: readonly string[];
  readonly applies_to: {
    readonly sectors: readonly string[];
    readonly substances: readonly string[];
    readonly sizes: readonly string[];
  };
  readonly sentence: string;
  readonly start: number;
  readonly end: number;
  readonly confidence: number;
  readonly method: string;
  readonly evidence: readonly RegisterEvidence[];
  readonly terms: readonly RegisterTerm[];
  readonly references: readonly RegisterReference[];
}

export interface Register {
  readonly document: LawDocument;
  readonly version: LawVersion;
  readonly at: string;
  /** The provision asked for; null for the whole document. */
  readonly section: string | null;
  /** Of all that fit, by modality. */
  readonly counts: { readonly must: number; readonly 'must-not': number; readonly may: number };
  readonly total: number;
  readonly obligations: readonly RegisteredObligation[];
  /** By what obligations were found, and that no person has read them. */
  readonly badges: readonly string[];
  readonly notes: readonly string[];
}

interface ObligationRow {
  readonly obligation_id: string;
  readonly section_id: string;
  readonly citation: string;
  readonly modality: string;
  readonly addressee: string | null;
  readonly action: string | null;
  readonly object: string | null;
  readonly condition: string | null;
  readonly deadline: string | null;
  readonly threshold: string | null;
  readonly exception: string | null;
  readonly threshold_comparison: string | null;
  readonly threshold_value: number | null;
  readonly threshold_unit: string | null;
  readonly topics: readonly string[] | null;
  readonly sectors: readonly string[] | null;
  readonly substances: readonly string[] | null;
  readonly sizes: readonly string[] | null;
  readonly spans: readonly string[] | null;
  readonly sentence: string;
  readonly span_start: number;
  readonly span_end: number;
  readonly confidence: number;
  readonly method: string;
}

/** The provisions of the version that are asked for: all, or one and those below it. */
const ASKED = `
  with recursive asked as (
    select section_id from law.sections
     where version_id = $1 and not deleted and ($2 = '' or section_id = $2)
    union
    select s.section_id from law.sections s join asked on s.parent_id = asked.section_id
     where s.version_id = $1 and not s.deleted)`;

const FITS = `o.version_id = $1 and not o.deleted and o.section_id in (select section_id from asked)
     and ($3 = '' or contains(lower(coalesce(o.addressee, '')), $3))
     and ($4 = '' or list_contains(o.topics, $4))
     and ($5 = '' or o.modality = $5)`;

/** Throws `law.document`, `law.section` (not found), `law.ambiguous`, `law.not_in_force` or what policy says. */
export async function lawObligations(
  rows: ReadRows,
  query: RegisterQuery,
  limits: Limits,
): Promise<Register> {
  const place = await placeOf(rows, query, limits);
  const params = [
    place.version.version_id,
    place.section?.section_id ?? '',
    (query.addressee ?? '').trim().toLowerCase(),
    (query.topic ?? '').trim().toLowerCase(),
    query.modality ?? '',
  ];
  const tallied = await rows<{ modality: string; n: number }>(
    `${ASKED} select o.modality, count(*)::int as n from law.obligations o where ${FITS} group by 1`,
    params,
  );
  const found = await rows<ObligationRow>(
    `${ASKED}
     select o.obligation_id, o.section_id, s.citation, o.modality, o.addressee, o.action, o.object, o.condition,
            o.deadline, o.threshold, o.exception, o.threshold_comparison, o.threshold_value, o.threshold_unit, o.topics,
            o.sectors, o.substances, o.sizes, o.spans, o.sentence, o.span_start, o.span_end, o.confidence, o.method
       from law.obligations o join law.sections s on s.version_id = o.version_id and s.section_id = o.section_id
      where ${FITS}
      order by s.ordinal, o.span_start, o.span_end, o.obligation_id limit ${limits.law_obligations}`,
    params,
  );
  // Whatever else is asked for: no topic is found in what has none.
  const [unread] = await rows<{ n: number }>(
    `${ASKED} select count(*)::int as n from law.obligations o
      where o.version_id = $1 and not o.deleted and o.spans is null and o.section_id in (select section_id from asked)`,
    params.slice(0, 2),
  );
  const count = (modality: string): number => tallied.find((one) => one.modality === modality)?.n ?? 0;
  const counts = { must: count('must'), 'must-not': count('must-not'), may: count('may') };
  const total = counts.must + counts['must-not'] + counts.may;
  const around = await surroundings(rows, place.version.version_id, found);
  return {
    document: place.document,
    version: place.version,
    at: query.at,
    section: place.section?.citation ?? null,
    counts,
    total,
    obligations: found.map((one) => registered(one, around)),
    badges: [...new Set(found.map(({ method }) => method))]
      .sort()
      .map((method) => `found by ${method}; no person has confirmed them`),
    notes: notesOf(found.length, total, unread?.n ?? 0),
  };
}

function notesOf(told: number, total: number, old: number): string[] {
  return [
    ...(total > told
      ? [`The first ${told} of ${total} are told; ask for one provision, addressee or topic.`]
      : []),
    ...(old > 0
      ? [
          `${old} here were found by an earlier version, without topics, applicability and places, and no topic finds them; import again into a new node.`,
        ]
      : []),
  ];
}

interface Place {
  readonly document: LawDocument;
  readonly version: LawVersion;
  readonly section: { readonly section_id: string; readonly citation: string } | undefined;
}

async function placeOf(rows: ReadRows, { of, at }: RegisterQuery, limits: Limits): Promise<Place> {
  try {
    const document = await findDocument(rows, of);
    const versions = await versionsOf(rows, document.document_id, limits);
    return { document, version: inForceOn(knownAt(versions, undefined), at), section: undefined };
  } catch (error) {
    if (!(error instanceof FractalError) || error.code !== 'law.document' || error.kind !== 'not_found')
      throw error;
  }
  const found = await findAnywhere(rows, of, at);
  const [first] = found;
  if (first === undefined) throw noProvision();
  if (found.length > 1)
    throw badInputError(
      'law.ambiguous',
      'several documents have a provision that is cited so',
      `Give the id of one: ${found.map(({ section_id }) => section_id).join(', ')}.`,
    );
  const { document_id, version_id, section_id } = first;
  const [section] = await rows<{ section_id: string; citation: string }>(
    'select section_id, citation from law.sections where version_id = $1 and section_id = $2 and not deleted',
    [version_id, section_id],
  );
  const version = (await versionsOf(rows, document_id, limits)).find((one) => one.version_id === version_id);
  if (section === undefined || version === undefined) throw noProvision();
  return { document: await findDocument(rows, document_id), version, section };
}

/** What belongs to the obligations of an answer. */
interface Surroundings {
  readonly texts: ReadonlyMap<string, { readonly text: string; readonly heading: string | null }>;
  /** Ids from the provision outwards, its own first. */
  readonly above: ReadonlyMap<string, readonly string[]>;
  readonly references: ReadonlyMap<string, readonly RegisterReference[]>;
  readonly terms: TermFinder;
}

async function surroundings(
  rows: ReadRows,
  versionId: string,
  found: readonly ObligationRow[],
): Promise<Surroundings> {
  const ids = [...new Set(found.map(({ section_id }) => section_id))].join('\n');
  const ancestry = await rows<{ origin: string; section_id: string; steps: number }>(
    `with recursive up as (
       select section_id as origin, section_id, parent_id, 0 as steps from law.sections
        where version_id = $1 and not deleted and list_contains(string_split($2, chr(10)), section_id)
       union all
       select up.origin, s.section_id, s.parent_id, up.steps + 1 from law.sections s
         join up on s.section_id = up.parent_id
        where s.version_id = $1 and not s.deleted and up.steps < ${FIXED_LIMITS.law_depth.value})
     select origin, section_id, steps::int as steps from up order by origin, steps`,
    [versionId, ids],
  );
  const above = new Map<string, string[]>();
  for (const { origin, section_id } of ancestry)
    above.set(origin, [...(above.get(origin) ?? []), section_id]);
  const wanted = [...new Set(ancestry.map(({ section_id }) => section_id))].join('\n');
  const sections = await rows<{ section_id: string; text: string; heading: string | null }>(
    `select section_id, text, heading from law.sections
      where version_id = $1 and not deleted and list_contains(string_split($2, chr(10)), section_id)`,
    [versionId, wanted],
  );
  const cited = await rows<RegisterReference>(
    `select c.section_id, c.text, c.target_document_id, c.target_section_id, c.resolution, c.span_start as start,
            c.span_end as "end",
            (select any_value(t.citation) from law.sections t join law.versions v using (version_id)
              where t.section_id = c.target_section_id and not t.deleted and v.known_to is null) as citation
       from law.citations c
      where c.version_id = $1 and not c.deleted and list_contains(string_split($2, chr(10)), c.section_id)
      order by c.section_id, c.span_start, c.span_end, c.citation_id`,
    [versionId, wanted],
  );
  const references = new Map<string, RegisterReference[]>();
  for (const one of cited) references.set(one.section_id, [...(references.get(one.section_id) ?? []), one]);
  return {
    texts: new Map(sections.map(({ section_id, ...one }) => [section_id, one])),
    above,
    references,
    terms: await TermFinder.of(rows, versionId),
  };
}

function registered(one: ObligationRow, around: Surroundings): RegisteredObligation {
  const { section_id, sentence, span_start: start, span_end: end } = one;
  const above = around.above.get(section_id) ?? [section_id];
  const evidence = (one.spans ?? []).flatMap((entry): RegisterEvidence[] => {
    const place = parseEvidence(entry, section_id);
    if (place === undefined) return [];
    const source = around.texts.get(place.sectionId);
    const text = (place.in === 'heading' ? source?.heading : source?.text) ?? '';
    return [
      {
        part: place.part,
        name: place.name === '' ? null : place.name,
        section_id: place.sectionId,
        in: place.in,
        start: place.start,
        end: place.end,
        text: text.slice(place.start, place.end),
      },
    ];
  });
  // What an item takes from above it may cite and use terms, too.
  const led = evidence.filter((place) => place.section_id !== section_id && place.in === 'text');
  const references = [
    ...(around.references.get(section_id) ?? []).filter((ref) => ref.start >= start && ref.end <= end),
    ...[...new Set(led.map((place) => place.section_id))].flatMap((id) =>
      (around.references.get(id) ?? []).filter((ref) =>
        led.some((place) => place.section_id === id && ref.start >= place.start && ref.end <= place.end),
      ),
    ),
  ];
  const headed = above.find((id) => (around.texts.get(id)?.heading ?? '') !== '');
  return {
    obligation_id: one.obligation_id,
    section_id,
    citation: one.citation,
    heading: headed === undefined ? null : (around.texts.get(headed)?.heading ?? null),
    modality: one.modality,
    addressee: one.addressee,
    action: one.action,
    object: one.object,
    condition: one.condition,
    deadline: one.deadline,
    threshold:
      one.threshold === null
        ? null
        : {
            text: one.threshold,
            comparison: one.threshold_comparison,
            value: one.threshold_value,
            unit: one.threshold_unit,
          },
    exception: one.exception,
    topics: one.topics ?? [],
    applies_to: { sectors: one.sectors ?? [], substances: one.substances ?? [], sizes: one.sizes ?? [] },
    sentence,
    start,
    end,
    confidence: one.confidence,
    method: one.method,
    evidence,
    terms: around.terms.in([...led.map(({ text }) => text), sentence].join(' '), above),
    references,
  };
}
