/** The gaps of one site in words: what was asked, by which provision, due when. */
import type { Snapshot } from '../../store/index.ts';
import { factsSql, kindOf, severityOf, type FactKind, type Severity } from './facts.ts';

export interface GapDetail {
  readonly kind: FactKind;
  readonly severity: Severity;
  /** The obligation behind it, where the record names a provision and one was found there. */
  readonly obligation_id: string | null;
  /** Citation of that provision in the text in force on the day. */
  readonly citation: string | null;
  readonly requirement: string | null;
  readonly evidence: { readonly table: string; readonly key: string };
  /** `YYYY-MM-DD` */
  readonly due: string | null;
}

interface GapRow {
  readonly kind: number;
  readonly severity: number;
  readonly ref_table: string;
  readonly ref_key: string;
  readonly requirement: string | null;
  readonly due: string | null;
  readonly citation: string | null;
  readonly obligation_id: string | null;
}

const DETAILS = `
with gap as (
  from (${factsSql(true)}) where severity > 0 and from_day <= $2 and $2 < to_day),
provision as (
  select s.section_id, s.version_id, s.citation, s.text
    from law.sections s join law.versions v using (version_id)
   where s.section_id in (select law_section_id from gap) and v.known_to is null and not v.deleted
     and coalesce(v.in_force_from <= $3::date, true) and coalesce(v.in_force_to > $3::date, true)
 qualify row_number() over (partition by s.section_id order by v.in_force_from desc nulls last) = 1),
duty as (
  select o.section_id, o.version_id, o.obligation_id, o.sentence
    from law.obligations o semi join provision using (section_id, version_id)
   where o.modality <> 'may' and not o.deleted
 qualify row_number() over (partition by o.section_id order by o.confidence desc, o.span_start) = 1)
select g.kind, g.severity, g.ref_table, g.ref_key, coalesce(g.requirement, d.sentence, nullif(p.text, '')) as requirement,
       strftime(g.due, '%Y-%m-%d') as due, p.citation, d.obligation_id
  from gap g left join provision p on p.section_id = g.law_section_id left join duty d on d.section_id = p.section_id
 order by g.severity desc, g.due nulls last, g.kind, g.ref_key`;

/** Gaps of a site on a day (from 1970-01-01, and as `YYYY-MM-DD`), worst first. */
export async function gapDetails(
  snapshot: Snapshot,
  siteId: string,
  day: number,
  date: string,
): Promise<GapDetail[]> {
  const rows = await snapshot.rows<GapRow>(DETAILS, [[siteId], day, date]);
  return rows.map((row) => ({
    kind: kindOf(row.kind),
    severity: severityOf(row.severity),
    obligation_id: row.obligation_id,
    citation: row.citation,
    requirement: row.requirement,
    evidence: { table: row.ref_table, key: row.ref_key },
    due: row.due,
  }));
}
