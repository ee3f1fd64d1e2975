/** Documents and their versions, found by whatever a person calls them. */
import { badInputError, notFoundError, type FractalError, type Limits } from '../../base/index.ts';
import { parseDate } from '../../store/index.ts';
import type { ReadRows } from './provisions.ts';

export interface LawDocument {
  readonly document_id: string;
  readonly citation: string;
  readonly title: string;
  readonly jurisdiction: string;
}

export interface LawVersion {
  readonly version_id: string;
  /** `YYYY-MM-DD`; null when the source does not say. */
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
  /** When this node learned it, and when it learned better. ISO 8601, UTC. */
  readonly known_from: string;
  readonly known_to: string | null;
  readonly format: string;
  readonly source_name: string;
  readonly provisions: number;
}

/** What a citation is compared by: letters, digits and dots, without the words that may be left out. */
const KEY = (column: string): string =>
  `regexp_replace(regexp_replace(lower(${column}), '\\b(part|section|sections|article|art\\.|no\\.?|council|commission|implementing|delegated)\\b|§', ' ', 'g'), '[^a-z0-9./-]+', '', 'g')`;

/** Letters of CELEX numbers as they are in ids. */
const CELEX_TYPES: Readonly<Record<string, string>> = { L: 'dir', R: 'reg', D: 'dec', H: 'reco' };

/** `32003L0087`, `02003L0087-20240301`. */
function fromCelex(text: string): string | undefined {
  const found = /^\s*(?:celex[:\s]*)?[03](\d{4})([A-Z])(\d{4})(?:-\d{8})?\s*$/i.exec(text);
  const type = CELEX_TYPES[(found?.[2] ?? '').toUpperCase()];
  return found === null || type === undefined
    ? undefined
    : `eu/${type}/${found[1] ?? ''}/${Number(found[3])}`;
}

const MATCHES = `
  with asked as (select ${KEY('$1')} as key),
       documents as (select document_id, citation, title, jurisdiction, ${KEY('citation')} as key
                       from law.documents where not deleted)
  select document_id, citation, title, jurisdiction,
         case when document_id = $2 then 0 when documents.key = asked.key then 1
              when asked.key <> '' and ends_with(documents.key, asked.key) and
                   regexp_matches(asked.key, '^[0-9]+[./]') and
                   not regexp_matches(documents.key[-length(asked.key) - 1], '[0-9]') then 2
              when regexp_matches(asked.key, '^[a-z]+[0-9]+/[0-9]+$') and starts_with(documents.key, asked.key || '/')
                   then 2 end as rank
    from documents, asked where rank is not null order by rank, document_id limit 10`;

const NEAREST = `
  select document_id, citation from law.documents where not deleted
   order by jaro_winkler_similarity(lower(citation), lower($1)) desc, document_id limit 3`;

/** The document of an id, citation or CELEX number. Throws `law.document` (not found) or `law.ambiguous`. */
export async function findDocument(rows: ReadRows, asked: string): Promise<LawDocument> {
  if (asked.length > NAME_CHARS)
    throw badInputError('law.document', 'the name of the document is too long', 'Give its id or citation.');
  const id = fromCelex(asked) ?? asked.trim();
  const found = await rows<LawDocument & { rank: number }>(MATCHES, [asked, id]);
  const best = found.filter(({ rank }) => rank === found[0]?.rank);
  const [only] = best;
  if (only !== undefined && best.length === 1) {
    const { document_id, citation, title, jurisdiction } = only;
    return { document_id, citation, title, jurisdiction };
  }
  if (only !== undefined)
    throw badInputError(
      'law.ambiguous',
      'several documents are called so',
      `Give the id of one: ${best.map(({ document_id }) => document_id).join(', ')}.`,
    );
  const near = await rows<{ document_id: string; citation: string }>(NEAREST, [asked]);
  throw notFoundError(
    'law.document',
    'this node has no document of that id, citation or CELEX number',
    near.length === 0
      ? 'Import it with `fractal import PATH`.'
      : `Nearest are ${near.map((one) => `${one.citation} (${one.document_id})`).join(', ')}. \`fractal law list\` lists all.`,
  );
}

/** Longest name looked up; the longest official citations have a few dozen characters. */
const NAME_CHARS = 500;

/** Versions by date of force, the undated first, with those the node has learned better than. */
export async function versionsOf(
  rows: ReadRows,
  documentId: string,
  limits: Limits,
): Promise<readonly LawVersion[]> {
  return await rows<LawVersion>(
    `select version_id, strftime(in_force_from, '%Y-%m-%d') as in_force_from,
            strftime(in_force_to, '%Y-%m-%d') as in_force_to,
            strftime(known_from, '%Y-%m-%dT%H:%M:%S.%gZ') as known_from,
            strftime(known_to, '%Y-%m-%dT%H:%M:%S.%gZ') as known_to, format, source_name, provisions
       from law.versions where document_id = $1 and not deleted
      order by in_force_from nulls first, known_from limit ${limits.law_versions}`,
    [documentId],
  );
}

export interface ListedDocument extends LawDocument {
  readonly versions: number;
  /** First day of the oldest and the newest version. */
  readonly first: string | null;
  readonly last: string | null;
}

/** Every document by id, with how many versions are known at present. */
export async function listDocuments(rows: ReadRows, limits: Limits): Promise<readonly ListedDocument[]> {
  return await rows<ListedDocument>(
    `select d.document_id, d.citation, d.title, d.jurisdiction, count(v.version_id)::int as versions,
            strftime(min(v.in_force_from), '%Y-%m-%d') as first, strftime(max(v.in_force_from), '%Y-%m-%d') as last
       from law.documents d
       left join law.versions v on v.document_id = d.document_id and v.known_to is null and not v.deleted
      where not d.deleted group by all order by d.document_id limit ${limits.law_versions}`,
    [],
  );
}

/** What the node held to be true at the end of a day (`YYYY-MM-DD`), or holds now. */
export function knownAt(all: readonly LawVersion[], day: string | undefined): readonly LawVersion[] {
  if (day === undefined) return all.filter(({ known_to }) => known_to === null);
  checkDay(day);
  const end = `${day}T23:59:59.999Z`;
  return all.filter(({ known_from, known_to }) => known_from <= end && (known_to === null || known_to > end));
}

/** The version in force on a day; no date counts as the earliest. Throws `law.not_in_force`. */
export function inForceOn(known: readonly LawVersion[], day: string): LawVersion {
  checkDay(day);
  const found = known.findLast(({ in_force_from }) => (in_force_from ?? '') <= day);
  if (found !== undefined && (found.in_force_to === null || found.in_force_to > day)) return found;
  throw notFound(known, `no version that this node knows was in force on ${day}`);
}

/** The two versions to compare: those in force on the days, else the one in force today and the one before it. */
export function pickTwo(
  known: readonly LawVersion[],
  days: { readonly from: string | undefined; readonly to: string | undefined; readonly today: string },
): readonly [LawVersion, LawVersion] {
  const { from, to, today } = days;
  if (from !== undefined && to !== undefined && from > to)
    throw badInputError('law.order', 'the first day is after the second', 'Give the earlier day as --from.');
  const later = to === undefined ? latest(known, today) : inForceOn(known, to);
  if (from !== undefined) return [inForceOn(known, from), later];
  const before = known[known.indexOf(later) - 1];
  if (before === undefined) throw notFound(known, 'this node knows no version before that one');
  return [before, later];
}

/** The latest version that has begun to apply; of an act of the future, the first one. */
function latest(known: readonly LawVersion[], today: string): LawVersion {
  const found = known.findLast(({ in_force_from }) => (in_force_from ?? '') <= today) ?? known[0];
  if (found === undefined) throw notFound(known, 'this node knew no version then');
  return found;
}

function notFound(known: readonly LawVersion[], what: string): FractalError {
  const days = known.map(({ in_force_from }) => in_force_from ?? 'an unknown day');
  return notFoundError(
    'law.not_in_force',
    what,
    days.length === 0
      ? 'Import a version with `fractal import PATH`.'
      : `Versions begin on ${days.slice(0, 20).join(', ')}. Import the other one, or give another day.`,
  );
}

function checkDay(day: string): void {
  if (parseDate(day) === undefined)
    throw badInputError('law.date', 'the date is not a day of the calendar', 'Write it as YYYY-MM-DD.');
}
