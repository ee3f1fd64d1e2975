/**
 * What belongs to provisions found by a search: those around and below them, those they cite, and what the terms of the
 * question mean there. Every row is read by an authorised query, as SQL of the same principal would read it.
 */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { Principal } from '../ports.ts';
import { governedRows, type ReferencePorts } from './references.ts';

/** One provision of one version. */
export interface ProvisionKey {
  readonly version_id: string;
  readonly section_id: string;
}

export interface ContextProvision extends ProvisionKey {
  readonly document_id: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
}

/** A provision around another: `steps` up from the one at `origin`. */
export interface Ancestor extends ContextProvision {
  readonly origin: string;
  readonly steps: number;
}

/** A provision that defines a term of the question; the span holds the definition. */
export interface Defining extends ContextProvision {
  readonly term: string;
  readonly span_start: number;
  readonly span_end: number;
}

const COLUMNS = `s.version_id, s.section_id, s.document_id, s.citation, coalesce(s.heading, '') as heading, s.text,
       v.in_force_from::varchar as in_force_from, v.in_force_to::varchar as in_force_to`;
/** Section ids hold no blanks and no line ends. */
const keyed = (keys: readonly ProvisionKey[]): string =>
  keys.map(({ version_id, section_id }) => `${version_id} ${section_id}`).join('\n');
const KEYS = 'string_split($1, chr(10))';

/** Rows of one answer below a provision, cited by some, or defining terms. */
const CONTEXT_ROWS = 24;

/** Everything around the provisions, nearest first. */
export async function ancestorsOf(
  ports: ReferencePorts,
  principal: Principal,
  keys: readonly ProvisionKey[],
): Promise<Ancestor[]> {
  if (keys.length === 0) return [];
  return await governedRows<Ancestor>(
    ports,
    principal,
    `with recursive up as (
       select version_id, section_id, parent_id, section_id as origin, 0 as steps from law.sections
        where not deleted and list_contains(${KEYS}, version_id || ' ' || section_id)
       union all
       select s.version_id, s.section_id, s.parent_id, up.origin, up.steps + 1 from law.sections s
         join up on s.version_id = up.version_id and s.section_id = up.parent_id
        where not s.deleted and up.steps < ${FIXED_LIMITS.law_depth.value})
     select up.origin, up.steps::int as steps, ${COLUMNS} from up
       join law.sections s on s.version_id = up.version_id and s.section_id = up.section_id
       join law.versions v on v.version_id = s.version_id
      where up.steps > 0 order by up.origin, up.steps`,
    [keyed(keys)],
  );
}

/** The provisions right below one that have a text, in reading order. */
export async function childrenOf(
  ports: ReferencePorts,
  principal: Principal,
  key: ProvisionKey,
): Promise<ContextProvision[]> {
  return await governedRows<ContextProvision>(
    ports,
    principal,
    `select ${COLUMNS} from law.sections s join law.versions v on v.version_id = s.version_id
      where s.version_id = $1 and s.parent_id = $2 and not s.deleted and s.text <> ''
      order by s.ordinal limit ${CONTEXT_ROWS}`,
    [key.version_id, key.section_id],
  );
}

/** The provisions that some cite, as in force on a day. */
export async function citedBySome(
  ports: ReferencePorts,
  principal: Principal,
  keys: readonly ProvisionKey[],
  at: string,
): Promise<ContextProvision[]> {
  if (keys.length === 0) return [];
  return await governedRows<ContextProvision>(
    ports,
    principal,
    `select distinct ${COLUMNS} from law.citations c
       join law.sections s on s.section_id = c.target_section_id
       join law.versions v on v.version_id = s.version_id
      where list_contains(${KEYS}, c.version_id || ' ' || c.section_id) and c.resolution = 'provision'
        and not c.deleted and not s.deleted and s.text <> '' and v.known_to is null and not v.deleted
        and (v.in_force_from is null or v.in_force_from <= $2::date)
        and (v.in_force_to is null or v.in_force_to > $2::date)
      order by s.version_id, s.section_id limit ${CONTEXT_ROWS}`,
    [keyed(keys), at],
  );
}

/** Definitions of terms that occur in the question, from the versions given. */
export async function definitionsIn(
  ports: ReferencePorts,
  principal: Principal,
  question: string,
  versions: readonly string[],
): Promise<Defining[]> {
  if (versions.length === 0) return [];
  return await governedRows<Defining>(
    ports,
    principal,
    `select d.term, d.span_start, d.span_end, ${COLUMNS} from law.definitions d
       join law.sections s on s.version_id = d.version_id and s.section_id = d.section_id
       join law.versions v on v.version_id = s.version_id
      where list_contains(${KEYS}, d.version_id) and not d.deleted and not s.deleted
        and contains($2, ' ' || d.term_key || ' ')
      order by length(d.term_key) desc, d.version_id, d.section_id, d.span_start limit ${CONTEXT_ROWS}`,
    [versions.join('\n'), ` ${question.toLowerCase().replace(/[^\p{L}\p{N}'-]+/gu, ' ')} `],
  );
}
