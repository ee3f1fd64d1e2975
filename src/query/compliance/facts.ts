/**
 * What a site's records say about its compliance, as facts that hold from one day to another. One SQL text, so that the
 * cache and an answer by SQL cannot differ in their rules; docs/compliance.md tells them in words.
 *
 * Every branch answers (site_id, kind, severity, from_day, to_day, ref_table, ref_key, law_section_id, requirement, due).
 * Days count from 1970-01-01; a fact holds on `from_day <= day < to_day`.
 */
import { internalError } from '../../base/index.ts';

export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Kinds of facts. Those with severity `none` are counted; the others are gaps. */
export const FACT_KINDS = [
  'permit-in-force',
  'inspection-recent',
  'enforcement-open',
  'risk-current',
  'permit-not-in-force',
  'condition-overdue',
  'finding-open',
  'action-overdue',
  'enforcement',
  'limit-exceeded',
  'limit-not-judged',
  'work-stopped',
  'risk-review-overdue',
  'risk-high',
  'certificate-expired',
  'audit-failed',
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** The kind of a fact by its code in `factsSql`. */
export function kindOf(code: number): FactKind {
  const kind = FACT_KINDS[code];
  if (kind === undefined) throw internalError('compliance.kind', `there is no kind of fact ${code}`);
  return kind;
}

export function severityOf(code: number): Severity {
  const severity = SEVERITIES[code];
  if (severity === undefined) throw internalError('compliance.severity', `there is no severity ${code}`);
  return severity;
}

/** Points a gap takes off a score of 100, which never falls below 0. */
export const POINTS: Readonly<Record<Severity, number>> = {
  none: 0,
  low: 2,
  medium: 7,
  high: 20,
  critical: 40,
};

/** No end, and no beginning: the bounds of a 32-bit integer. */
export const FOREVER = 2_147_483_647;

/** Tables whose rows make facts. A change in another table changes none. */
export const FACT_TABLES = [
  'esh.permits',
  'esh.permit_status',
  'esh.permit_conditions',
  'esh.inspections',
  'esh.findings',
  'esh.audits',
  'esh.certifications',
  'esh.monitoring_limits',
  'esh.monitoring_readings',
  'esh.risk_assessments',
  'esh.enforcement_actions',
  'esh.action_items',
] as const;

/** Columns that the facts are made of, of whatever table. */
export const FACT_COLUMNS: readonly string[] = (
  'site_id region deleted permit_id condition_id inspection_id finding_id action_item_id action_id risk_id audit_id ' +
  'certification_id limit_id point_id kind number scope status since issued_on expires_on due_on done_on comply_by ' +
  'inspected_on outcome found_on severity likelihood residual_likelihood residual_severity assessed_on review_on hazard ' +
  'audited_on standard scheme holder source_table source_id title text law_section_id parameter statistic lower upper ' +
  'unit valid_from valid_to measured_at value qualifier'
).split(' ');

const day = (date: string): string => `(${date} - date '1970-01-01')::integer`;
const after = (date: string): string => `(${date} - date '1970-01-01')::integer + 1`;
const aYearAfter = (date: string): string =>
  `((${date} + interval '1 year')::date - date '1970-01-01')::integer`;
const FROM_THE_FIRST = '-2147483648';

const code = (kind: FactKind): string => `${FACT_KINDS.indexOf(kind)}::smallint`;
const weight = (severity: Severity): string => `${SEVERITIES.indexOf(severity)}::smallint`;

/** Which sites facts are made for: all, those in the list `$1`, or those that a query answers. */
type OfSites = boolean | { readonly query: string };

/** The live rows of the tables that facts are made of. */
function records(ofSites: OfSites, data: string): string {
  const some =
    typeof ofSites === 'object' ? ` and site_id in (${ofSites.query})` : ' and list_contains($1, site_id)';
  const sites = ofSites === false ? '' : some;
  const own = ['permits', 'permit_conditions', 'inspections', 'findings', 'audits', 'certifications'];
  own.push(
    'monitoring_limits',
    'monitoring_readings',
    'risk_assessments',
    'enforcement_actions',
    'action_items',
  );
  return own
    .map((name) => `${name} as (select * from ${data}esh.${name} where not deleted${sites})`)
    .join(',\n');
}

/**
 * All facts, or those of some sites. `data` names where the tables lie, with a dot behind it. A permit's status and a finding's actions count wherever they
 * say they belong: they are found by the key of what they speak of. A lapsed permit is followed by a later one of the
 * same kind with its number or its scope, not by just any: a gap too many is seen, a gap too few is not. Standard SQL
 * but for `list_contains`, so that another engine can be asked the same.
 */
export function factsSql(ofSites: OfSites, data = ''): string {
  return `with ${records(ofSites, data)},
follower as (
  select p.permit_id, min(n.issued_on) as issued_on
    from permits p join permits n on n.site_id = p.site_id and n.kind = p.kind and n.issued_on > p.issued_on
     and (n.number = p.number or n.scope = p.scope)
   group by p.permit_id),
permit as (
  select p.*, coalesce(s.status, 'active') as status, s.since,
         coalesce(${day('f.issued_on')}, ${FOREVER}) as followed_on
    from permits p left join (select * from ${data}esh.permit_status where not deleted) s using (permit_id)
         left join follower f using (permit_id)),
permit_end as (
  select *, coalesce(${after('expires_on')}, ${FOREVER}) as lapses_on,
         case when status in ('suspended', 'revoked', 'expired', 'surrendered') then ${day('since')} else ${FOREVER} end as ended_on
    from permit),
answered as (
  select f.finding_id,
         case when count(a.action_item_id) filter (where a.status <> 'cancelled') > 0
               and bool_and(a.status in ('done', 'verified')) filter (where a.status <> 'cancelled')
              then coalesce(${day("max(a.done_on) filter (where a.status <> 'cancelled')")}, ${day('f.found_on')})
              else ${FOREVER} end as closed_on
    from findings f left join (select * from ${data}esh.action_items where not deleted) a
      on a.source_table = 'esh.findings' and a.source_id = f.finding_id
   group by f.finding_id, f.found_on),
finding as (
  select f.*, a.closed_on from findings f join answered a using (finding_id)),
certificate as (
  select *, coalesce(${day(
    'lead(issued_on) over (partition by site_id, scheme, holder order by issued_on, certification_id)',
  )}, ${FOREVER}) as followed_on
    from certifications),
audit as (
  select *, coalesce(${day(
    'lead(audited_on) over (partition by site_id, standard order by audited_on, audit_id)',
  )}, ${FOREVER}) as followed_on
    from audits),
judged as (
  select l.*, r.value, r.qualifier, (r.measured_at - interval '1 microsecond') as moment, l.unit = r.unit as comparable,
         r.qualifier is distinct from 'invalid' and r.value is not null as usable
    from monitoring_limits l join monitoring_readings r
      on r.site_id = l.site_id and r.point_id = l.point_id and r.parameter = l.parameter),
held as (
  select * from judged
   where comparable and usable
     and (valid_from is null or moment::date >= valid_from) and (valid_to is null or moment::date < valid_to)),
exceeded as (
  select limit_id, site_id, parameter, statistic, upper, lower, unit, law_section_id, moment::date as period,
         bool_or(value > upper and qualifier is distinct from '<') or bool_or(value < lower and qualifier is distinct from '>') as is_over
    from held where statistic in ('instant', 'maximum')
   group by limit_id, site_id, parameter, statistic, upper, lower, unit, law_section_id, moment::date
  union all
  select limit_id, site_id, parameter, statistic, upper, lower, unit, law_section_id, max(moment)::date,
         (avg(value) > upper and bool_or(qualifier is distinct from '<')) or (avg(value) < lower and bool_or(qualifier is distinct from '>'))
    from held where statistic not in ('instant', 'maximum')
   group by limit_id, site_id, parameter, statistic, upper, lower, unit, law_section_id,
            date_trunc(case statistic when 'hourly-mean' then 'hour' when 'monthly-mean' then 'month' else 'day' end, moment))
select site_id, ${code('permit-in-force')} as kind, ${weight('none')} as severity, ${day('issued_on')} as from_day,
       least(lapses_on, ended_on) as to_day, 'esh.permits' as ref_table, permit_id as ref_key,
       law_section_id, cast(null as varchar) as requirement, cast(null as date) as due
  from permit_end
union all
select site_id, ${code('inspection-recent')}, ${weight('none')}, ${day('inspected_on')}, ${aYearAfter('inspected_on')},
       'esh.inspections', inspection_id, null, null, null
  from inspections
union all
select site_id, ${code('enforcement-open')}, ${weight('none')}, coalesce(${day('issued_on')}, ${FROM_THE_FIRST}), ${FOREVER},
       'esh.enforcement_actions', action_id, law_section_id, null, null
  from enforcement_actions where status in ('issued', 'appealed')
union all
select site_id, ${code('risk-current')}, ${weight('none')}, ${day('assessed_on')}, coalesce(${after('review_on')}, ${FOREVER}),
       'esh.risk_assessments', risk_id, null, null, null
  from risk_assessments
union all
select site_id, ${code('permit-not-in-force')}, case status when 'renewal' then ${weight('medium')} else ${weight('high')} end,
       least(lapses_on, ended_on), followed_on, 'esh.permits', permit_id, law_section_id, scope, expires_on
  from permit_end where status <> 'surrendered'
union all
select site_id, ${code('condition-overdue')}, ${weight('medium')}, ${after('c.due_on')}, coalesce(p.ended_on, ${FOREVER}),
       'esh.permit_conditions', c.condition_id, c.law_section_id, c.text, c.due_on
  from permit_conditions c left join permit_end p using (permit_id, site_id) where c.due_on is not null
union all
select site_id, ${code('finding-open')},
       case severity when 'critical' then ${weight('critical')} when 'major' then ${weight('high')} else ${weight('medium')} end,
       ${day('found_on')}, closed_on, 'esh.findings', finding_id, law_section_id, null, null
  from finding where severity <> 'observation'
union all
select site_id, ${code('action-overdue')}, case kind when 'corrective' then ${weight('medium')} else ${weight('low')} end,
       ${after('due_on')}, case when status in ('done', 'verified') then coalesce(${day('done_on')}, ${FROM_THE_FIRST}) else ${FOREVER} end,
       'esh.action_items', action_item_id, null, title, due_on
  from action_items where due_on is not null and status <> 'cancelled'
union all
select site_id, ${code('enforcement')}, case kind when 'prohibition' then ${weight('critical')} else ${weight('medium')} end,
       coalesce(${day('issued_on')}, ${FROM_THE_FIRST}),
       case when kind = 'prohibition' or status = 'appealed' then ${FOREVER} else coalesce(${after('comply_by')}, ${FOREVER}) end,
       'esh.enforcement_actions', action_id, law_section_id, null, comply_by
  from enforcement_actions where status in ('issued', 'appealed')
union all
select site_id, ${code('enforcement')}, ${weight('high')},
       greatest(${after('comply_by')}, coalesce(${day('issued_on')}, ${FROM_THE_FIRST})), ${FOREVER},
       'esh.enforcement_actions', action_id, law_section_id, null, comply_by
  from enforcement_actions where status = 'issued' and kind <> 'prohibition' and comply_by is not null
union all
select site_id, ${code('limit-exceeded')}, ${weight('medium')}, ${day('min(period)')}, ${aYearAfter('max(period)')},
       'esh.monitoring_limits', limit_id, law_section_id,
       concat_ws(' ', parameter, statistic, 'at least ' || lower, 'at most ' || upper, unit), null
  from exceeded where is_over
 group by site_id, limit_id, law_section_id, parameter, statistic, lower, upper, unit, date_trunc('month', period)
union all
select site_id, ${code('limit-not-judged')}, ${weight('low')}, ${day('min(moment)::date')}, ${aYearAfter('max(moment)::date')},
       'esh.monitoring_limits', limit_id, law_section_id, concat_ws(' ', parameter, 'is measured in another unit than', unit), null
  from judged where not comparable and usable group by site_id, limit_id, law_section_id, parameter, unit
union all
select i.site_id, ${code('work-stopped')}, ${weight('high')}, ${day('i.inspected_on')},
       coalesce(${day('min(n.inspected_on)')}, ${FOREVER}), 'esh.inspections', i.inspection_id, null, null, null
  from inspections i left join inspections n
    on n.site_id = i.site_id and n.outcome = 'satisfactory' and n.inspected_on > i.inspected_on
 where i.outcome = 'stopped' group by i.site_id, i.inspected_on, i.inspection_id
union all
select site_id, ${code('risk-review-overdue')}, ${weight('medium')}, ${after('review_on')}, ${FOREVER},
       'esh.risk_assessments', risk_id, null, hazard, review_on
  from risk_assessments where review_on is not null
union all
select site_id, ${code('risk-high')}, ${weight('high')}, ${day('assessed_on')}, ${FOREVER},
       'esh.risk_assessments', risk_id, null, hazard, review_on
  from risk_assessments
 where coalesce(residual_likelihood, likelihood) * coalesce(residual_severity, severity) >= 15
union all
select site_id, ${code('certificate-expired')}, ${weight('medium')}, ${after('expires_on')},
       followed_on,
       'esh.certifications', certification_id, null, scheme, expires_on
  from certificate where expires_on is not null
union all
select site_id, ${code('audit-failed')}, ${weight('high')}, ${day('audited_on')},
       followed_on,
       'esh.audits', audit_id, null, standard, null
  from audit where outcome = 'failed'`;
}
