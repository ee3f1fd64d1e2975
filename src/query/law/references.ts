/**
 * What law cites a provision, what it cites, and what its words mean. Every answer is an authorised query, so that the
 * policy decides over it as over any SQL, and is as of the texts this node holds to be true.
 */
import { FIXED_LIMITS, badInputError, type Limits } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import type { AccessPolicy, Principal } from '../ports.ts';
import { authorize } from '../sql/authorize.ts';
import { queryRows } from '../sql/execute.ts';
import { parseStatement } from '../sql/statement.ts';

export interface ReferencePorts {
  readonly store: Store;
  readonly policy: AccessPolicy;
  readonly limits: Limits;
}

/** One printed reference. Offsets are UTF-16 units of the citing provision's text. */
export interface Citation {
  readonly citation_id: string;
  readonly version_id: string;
  readonly section_id: string;
  readonly kind: 'internal' | 'external';
  readonly text: string;
  readonly target_document_id: string | null;
  readonly target_section_id: string | null;
  readonly span_start: number;
  readonly span_end: number;
  /** As found at import: see law.citations. */
  readonly resolution: 'provision' | 'ancestor' | 'document' | 'named' | 'none';
  /** Whether a present version of the cited document is on this node now. */
  readonly is_here: boolean;
}

/** A term and where it counts. */
export interface DefinedTerm {
  readonly definition_id: string;
  readonly version_id: string;
  readonly section_id: string;
  readonly term: string;
  readonly meaning: string;
  readonly scope_section_id: string | null;
  readonly scope_text: string | null;
  readonly span_start: number;
  readonly span_end: number;
  /** Steps from the provision out to the scope; the smallest is the nearest. */
  readonly distance: number;
}

const COLUMNS = `c.citation_id, c.version_id, c.section_id, c.kind, c.text, c.target_document_id, c.target_section_id,
       c.span_start, c.span_end, c.resolution,
       exists (from law.versions t where t.document_id = c.target_document_id and t.known_to is null and not t.deleted) as is_here`;

/** What points at a provision, or at anything below it when `below` is set; in reading order of the citing texts. */
export async function citedBy(
  ports: ReferencePorts,
  principal: Principal,
  sectionId: string,
  options: { readonly below?: boolean } = {},
): Promise<Citation[]> {
  const target =
    options.below === true
      ? `c.target_section_id in (
           with recursive inside as (
             select version_id, section_id from law.sections where section_id = $1
             union
             select s.version_id, s.section_id from law.sections s join inside i
                 on s.version_id = i.version_id and s.parent_id = i.section_id)
           select section_id from inside union all select $1)`
      : 'c.target_section_id = $1';
  return await governedRows<Citation>(
    ports,
    principal,
    `select ${COLUMNS} from law.citations c join law.versions v using (version_id)
      where ${target} and v.known_to is null and not v.deleted and not c.deleted
      order by c.version_id, c.section_id, c.span_start, c.span_end, c.citation_id limit ${MAX_ROWS}`,
    [sectionId],
  );
}

/** What a provision points at, in reading order. `versionId` picks one text; else those held to be true. */
export async function citesOf(
  ports: ReferencePorts,
  principal: Principal,
  sectionId: string,
  options: { readonly versionId?: string } = {},
): Promise<Citation[]> {
  return await governedRows<Citation>(
    ports,
    principal,
    `select ${COLUMNS} from law.citations c join law.versions v using (version_id)
      where c.section_id = $1 and ($2 = '' or c.version_id = $2) and v.known_to is null and not v.deleted and not c.deleted
      order by c.version_id, c.span_start, c.span_end, c.citation_id limit ${MAX_ROWS}`,
    [sectionId, options.versionId ?? ''],
  );
}

/**
 * The terms that count in a provision of one version, each once: where a term is defined more than once, the definition
 * of the nearest scope wins, and of two equally near ones the first. Throws `bad_input` when there is no such provision.
 */
export async function definitionsFor(
  ports: ReferencePorts,
  principal: Principal,
  sectionId: string,
  versionId: string,
): Promise<DefinedTerm[]> {
  const here = await governedRows<{ n: bigint }>(
    ports,
    principal,
    'select count(*) n from law.sections where section_id = $1 and version_id = $2',
    [sectionId, versionId],
  );
  if ((here[0]?.n ?? 0n) === 0n)
    throw badInputError(
      'law.no_provision',
      'this version has no such provision',
      'Take section_id and version_id from one row of law.sections or of a search.',
    );
  return await governedRows<DefinedTerm>(
    ports,
    principal,
    `with recursive around as (
       select section_id, parent_id, 0 as steps from law.sections where version_id = $2 and section_id = $1
       union all
       select s.section_id, s.parent_id, a.steps + 1 from law.sections s join around a on s.section_id = a.parent_id
        where s.version_id = $2 and a.steps < ${FIXED_LIMITS.law_depth.value})
     select d.definition_id, d.version_id, d.section_id, d.term, d.meaning, d.scope_section_id, d.scope_text, d.span_start,
            d.span_end, coalesce(a.steps, ${FIXED_LIMITS.law_depth.value + 1})::int as distance
       from law.definitions d left join around a on d.scope_section_id = a.section_id
       join law.sections s on s.version_id = d.version_id and s.section_id = d.section_id
      where d.version_id = $2 and not d.deleted and (d.scope_section_id is null or a.section_id is not null)
    qualify row_number() over (partition by d.term_key order by distance, s.ordinal, d.span_start) = 1
      order by d.term_key limit ${MAX_ROWS}`,
    [sectionId, versionId],
  );
}

/** Answers are read whole; a provision that is cited more often is not listed beyond this. */
const MAX_ROWS = 10_000;

/** Rows of an authorised query, as the principal may see them. */
export async function governedRows<T>(
  { store, policy, limits }: ReferencePorts,
  principal: Principal,
  sql: string,
  params: readonly string[],
): Promise<T[]> {
  const statement = await parseStatement(store, sql, params, limits);
  const query = authorize(statement, principal, policy);
  return await queryRows<T>(store, query);
}
