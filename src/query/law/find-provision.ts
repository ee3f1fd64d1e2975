/** A provision by what a person calls it. */
import { notFoundError, type FractalError } from '../../base/index.ts';
import type { LawDocument, LawVersion } from './documents.ts';
import { PROVISION_COLUMNS, type Provision, type ReadRows } from './provisions.ts';

/** A provision and all below it, parents first. */
const BELOW = `
  with recursive found as (
    select ${PROVISION_COLUMNS} from law.sections where version_id = $1 and section_id = $2 and not deleted
    union all
    select s.section_id, s.parent_id, s.ordinal, s.depth, s.level, s.num, s.citation, s.heading, length(s.text)::int
      from law.sections s join found on s.parent_id = found.section_id
     where s.version_id = $1 and not s.deleted)
  select * from found order by ordinal`;

/** Citations are compared without blanks and without the words for what they name. */
const CITED = (column: string): string =>
  `regexp_replace(lower(${column}), '\\b(articles?|art\\.?|sections?|sec\\.?|regulations?|reg\\.?|paragraphs?|points?|part)(\\s|$)|§|\\s|,', '', 'g')`;

const FIND = `
  select section_id, citation,
         case when section_id = $2 or section_id = $3 || '#' || $2 then 0 when ${CITED('citation')} = ${CITED('$2')} then 1
              when ${CITED('citation')} = ${CITED("$4 || ' ' || $2")} then 2
              when num is not null and level in ('article', 'section', 'annex', 'schedule', 'appendix', 'part') and
                   ${CITED('num')} = ${CITED('$2')} then 3 end as rank
    from law.sections where version_id = $1 and not deleted and rank is not null order by rank, ordinal limit 1`;

/** A provision of one version: by id, by citation with or without that of the document, or by number. */
export async function findProvision(
  rows: ReadRows,
  version: LawVersion,
  document: LawDocument,
  asked: string,
): Promise<{ readonly section_id: string; readonly citation: string } | undefined> {
  const [found] = await rows<{ section_id: string; citation: string }>(FIND, [
    version.version_id,
    asked.trim(),
    document.document_id,
    document.citation,
  ]);
  return found;
}

/** A provision and all below it, in reading order. */
export async function provisionsBelow(
  rows: ReadRows,
  versionId: string,
  sectionId: string,
): Promise<Provision[]> {
  return await rows<Provision>(BELOW, [versionId, sectionId]);
}

/** A provision of any document, by its id or its whole citation, as in force on a day. */
const FIND_ANYWHERE = `
  select s.section_id, s.version_id, s.document_id from law.sections s join law.versions v using (version_id)
   where v.known_to is null and not v.deleted and not s.deleted
     and (v.in_force_from is null or v.in_force_from <= $2::date)
     and (v.in_force_to is null or v.in_force_to > $2::date)
     and (s.section_id = $1 or ${CITED('s.citation')} = ${CITED('$1')})
   qualify row_number() over (partition by s.document_id order by v.in_force_from desc nulls last, s.ordinal) = 1
   order by s.document_id limit 10`;

export interface FoundProvision {
  readonly section_id: string;
  readonly version_id: string;
  readonly document_id: string;
}

/** One for each document that has such a provision: `40 CFR 262.34(a)`, `Article 5(1) of Directive 2003/87/EC`. */
export async function findAnywhere(rows: ReadRows, citation: string, day: string): Promise<FoundProvision[]> {
  const [, inner, act] = /^\s*(\S.*?)\s+of\s+(\S.*)$/i.exec(citation) ?? [];
  return await rows<FoundProvision>(FIND_ANYWHERE, [
    inner === undefined ? citation.trim() : `${act ?? ''} ${inner}`,
    day,
  ]);
}

export const noProvision = (): FractalError =>
  notFoundError(
    'law.section',
    'there is no such provision in the text in force then',
    'Give a citation (`40 CFR 262.34(a)`, `Directive 2003/87/EC Art. 10a(1)`), or an id as `fractal search` shows it.',
  );
