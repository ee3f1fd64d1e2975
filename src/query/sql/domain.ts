/**
 * The domain in SQL: `esh.site_compliance` and the functions of docs/functions.md, made beside the views of a scope. They
 * read what the principal may read; a function whose records are not all shown to them does not exist for them.
 *
 * A macro's arguments are put into its body as they are written, so every column that a body sees has a name beginning
 * with `fractal_`, which no column of a caller's has.
 */
import { INCIDENT_POINTS, RISK_PARTS } from '../compliance/risk.ts';
import { FACT_KINDS, FACT_TABLES, POINTS, SEVERITIES, factsSql } from '../compliance/facts.ts';
import { RISK_TABLES, complianceRule, riskRule, sitesSql, type SiteRule } from '../compliance/rights.ts';
import { auditTable } from './audit-table.ts';
import type { AccessPolicy, Principal, ReadScope, ReadableColumn, ReadableTable } from '../ports.ts';

/** A scope with what of the domain is there for the principal. */
export interface DomainScope extends ReadScope {
  readonly compliance: SiteRule;
  readonly risk: SiteRule;
}

/** The rights are those of the scope's key, so what is found once for a scope holds for it. */
const known = new WeakMap<ReadScope, DomainScope>();

/** All that a principal may read, at this moment. */
export function scopeOf(policy: AccessPolicy, principal: Principal): DomainScope {
  const scope = policy.scope(principal);
  const found = known.get(scope);
  if (found !== undefined) return found;
  const compliance = complianceRule(policy, principal);
  const risk = riskRule(policy, principal);
  const table = compliance.allowed ? complianceTable(scope, compliance.where) : undefined;
  const audit = auditTable(policy, principal);
  const tables = [
    ...scope.tables,
    ...(table === undefined ? [] : [table]),
    ...(audit === undefined ? [] : [audit]),
  ];
  // The right to audit is none of the rules on tables that the key is made of.
  const key = audit === undefined ? scope.key : `${scope.key} audit`;
  const made = { ...scope, key, tables, compliance, risk };
  known.set(scope, made);
  return made;
}

/** Why a function does not exist for the principal; undefined when it does. */
export function missingFunction(scope: DomainScope, called: string): string | undefined {
  if (called === 'compliance_status') return scope.compliance.allowed ? undefined : scope.compliance.rule;
  if (called === 'risk_score') return scope.risk.allowed ? undefined : scope.risk.rule;
  return provisions(scope, '') === undefined ? 'law and sites are not shown' : undefined;
}

/** What a statement names. */
interface Naming {
  readonly functions: readonly string[];
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  readonly federated: { readonly sites: readonly { readonly kind: string }[] } | undefined;
}

/** What is read where a statement does not name it, of what the principal may read. */
export function readBehind(scope: ReadScope, { functions, tables, federated }: Naming): ReadableTable[] {
  const isAsked = (called: string): boolean => functions.includes(called);
  const names = new Set<string>([
    ...(isAsked('compliance_status') || tables.some(isDerivedName) ? ['esh.sites', ...FACT_TABLES] : []),
    ...(isAsked('risk_score') ? ['esh.sites', ...FACT_TABLES, ...RISK_TABLES] : []),
    ...(isAsked('regulation_applies')
      ? [
          ...['law.sections', 'law.versions', 'law.obligations', 'esh.sites'],
          ...NAMING.map((name) => `esh.${name}`),
        ]
      : []),
    ...(federated?.sites.some(({ kind }) => kind === 'search') === true ? ['law.sections'] : []),
  ]);
  return scope.tables.filter((table) => names.has(`${table.schema}.${table.name}`));
}

const COMPLIANCE_TABLE = 'site_compliance';
/** Whether a statement names it, by either of its names. */
export const isDerivedName = ({
  schema,
  name,
}: {
  readonly schema: string;
  readonly name: string;
}): boolean => name === COMPLIANCE_TABLE && (schema === 'esh' || schema === 'duckdb');

export const isDerived = (table: ReadableTable): boolean =>
  table.schema === 'esh' && table.name === COMPLIANCE_TABLE;

/** Columns of a site as its own view shows them, by what they are called here. */
const SITE_COLUMNS: Readonly<Record<string, string>> = {
  site_name: 'name',
  jurisdiction: 'jurisdiction',
  industry_code: 'industry_code',
  industry_sector: 'industry_sector',
};

const MADE_COLUMNS: readonly (readonly [name: string, type: string, doc: string])[] = [
  ['compliance_status', 'VARCHAR', '`compliant`, `at-risk`, `non-compliant` or `unknown`, today'],
  ['compliance_score', 'INTEGER', '100 without gaps, 0 at worst; empty when unknown'],
  ['gaps', 'INTEGER', 'gaps today'],
  ['worst_severity', 'VARCHAR', 'of the gaps; empty without any'],
  ['last_inspection_date', 'DATE', 'day of the last inspection'],
  ['last_audit_date', 'DATE', 'last day of the last audit'],
];

function complianceTable(scope: ReadScope, where: string | undefined): ReadableTable | undefined {
  const sites = tableOf(scope, 'esh', 'sites');
  if (sites === undefined) return undefined;
  const plain = (name: string, type: string, doc: string): ReadableColumn => ({
    name,
    type,
    sql: `t."${name}"`,
    shown: 'plain',
    doc,
    rules: sites.rules,
  });
  const own = Object.entries(SITE_COLUMNS).flatMap(([name, of]) => {
    const column = sites.columns.find((one) => one.name === of);
    return column === undefined ? [] : [{ ...column, name, sql: `t."${name}"` }];
  });
  return {
    schema: 'esh',
    name: COMPLIANCE_TABLE,
    doc: 'What `fractal check` says of each site today.',
    columns: [
      plain('site_id', 'VARCHAR', 'site'),
      plain('region', 'VARCHAR', 'region of the site'),
      ...own,
      ...MADE_COLUMNS.map(([name, type, doc]) => plain(name, type, doc)),
    ],
    where,
    rules: sites.rules,
    hidden: [],
  };
}

const tableOf = (scope: ReadScope, schema: string, name: string): ReadableTable | undefined =>
  scope.tables.find((table) => table.schema === schema && table.name === name);

const TODAY = `cast(now() at time zone 'UTC' as date)`;
const dayNumber = (date: string): string => `cast(${date} - date '1970-01-01' as integer)`;

const byKind = (of: (severity: (typeof SEVERITIES)[number]) => string | number): string =>
  SEVERITIES.map((severity, code) => `when ${code} then ${of(severity)}`).join(' ');

/** From how bad the worst gap is, and whether there are facts at all. */
const statusSql = (facts: string, worst: string): string =>
  `case when ${facts} = 0 then 'unknown' when ${worst} = 0 then 'compliant'
        when ${worst} >= ${SEVERITIES.indexOf('high')} then 'non-compliant' else 'at-risk' end`;

export function domainStatements(scope: DomainScope, catalogue: string, data: string): string[] {
  const inner = `${catalogue}.fractal`;
  return [
    `create schema ${inner}`,
    ...(scope.compliance.allowed ? complianceStatements(scope, scope.compliance.where, catalogue, data) : []),
    ...(scope.risk.allowed ? riskStatements(scope.risk.where, catalogue, data) : []),
    ...appliesStatements(scope, catalogue),
  ];
}

function factsView(
  view: string,
  where: string | undefined,
  data: string,
  tables: readonly string[],
): string[] {
  const sites = sitesSql(where, `${data}.`, tables);
  return [
    `create view ${view}_sites as select site_id as fractal_site, region as fractal_region from (${sites})`,
    `create view ${view}_facts as
     select site_id as fractal_site, kind as fractal_kind, severity as fractal_severity, from_day as fractal_from, to_day as fractal_to
       from (${factsSql({ query: `select fractal_site from ${view}_sites` }, `${data}.`)}) where from_day < to_day`,
  ];
}

function complianceStatements(
  scope: DomainScope,
  where: string | undefined,
  catalogue: string,
  data: string,
): string[] {
  const view = `${catalogue}.fractal.compliance`;
  const today = dayNumber(TODAY);
  const holds = `fractal_from <= ${today} and ${today} < fractal_to`;
  const own = Object.entries(SITE_COLUMNS).filter(([, of]) =>
    tableOf(scope, 'esh', 'sites')?.columns.some((column) => column.name === of),
  );
  return [
    ...factsView(view, where, data, FACT_TABLES),
    `create view ${catalogue}.esh.${COMPLIANCE_TABLE} as
     with fact as (
       select fractal_site as site_id, count(*) as facts, coalesce(max(fractal_severity) filter (${holds}), 0) as worst,
              count(*) filter (${holds} and fractal_severity > 0) as gaps,
              sum(case fractal_severity ${byKind((severity) => POINTS[severity])} end) filter (${holds}) as points
         from ${view}_facts group by all),
     seen as (select site_id, max(inspected_on) as last_inspection_date from ${data}.esh.inspections where not deleted group by all),
     audited as (select site_id, max(audited_on) as last_audit_date from ${data}.esh.audits where not deleted group by all)
     select s.fractal_site as site_id, s.fractal_region as region, ${own.map(([name, of]) => `v."${of}" as ${name}, `).join('')}
            ${statusSql('coalesce(fact.facts, 0)', 'fact.worst')} as compliance_status,
            case when fact.facts > 0 then greatest(0, 100 - coalesce(fact.points, 0))::integer end as compliance_score,
            coalesce(fact.gaps, 0)::integer as gaps,
            case fact.worst ${byKind((severity) => (severity === 'none' ? 'null' : `'${severity}'`))} end as worst_severity,
            seen.last_inspection_date, audited.last_audit_date
       from ${view}_sites s join ${catalogue}.esh.sites v on v.site_id = s.fractal_site
       left join fact on fact.site_id = s.fractal_site left join seen on seen.site_id = s.fractal_site
       left join audited on audited.site_id = s.fractal_site`,
    `create macro ${catalogue}.main.compliance_status(site, on_day := ${TODAY}) as (
       select ${statusSql('count(fractal_b.fractal_kind)', 'coalesce(max(fractal_b.fractal_worst), 0)')}
         from (select fractal_s.fractal_site, fractal_f.fractal_kind,
                      case when fractal_f.fractal_from <= ${dayNumber('cast(on_day as date)')} and ${dayNumber('cast(on_day as date)')} < fractal_f.fractal_to
                           then fractal_f.fractal_severity else 0 end as fractal_worst
                 from ${view}_sites as fractal_s left join ${view}_facts as fractal_f on fractal_f.fractal_site = fractal_s.fractal_site
                where fractal_s.fractal_site = site) as fractal_b
        group by fractal_b.fractal_site)`,
  ];
}

/** What is counted is told in docs/functions.md. */
function riskStatements(where: string | undefined, catalogue: string, data: string): string[] {
  const view = `${catalogue}.fractal.risk`;
  const today = dayNumber(TODAY);
  const holds = `fractal_from <= ${today} and ${today} < fractal_to`;
  const finding = FACT_KINDS.indexOf('finding-open');
  const severe = SEVERITIES.indexOf('high');
  const live = `where not deleted and site_id in (select fractal_site from ${view}_sites)`;
  const points = Object.entries(INCIDENT_POINTS)
    .map(([severity, value]) => `when '${severity}' then ${value}`)
    .join(' ');
  return [
    ...factsView(view, where, data, [...FACT_TABLES, ...RISK_TABLES]),
    `create view ${view}_scores as
     with fact as (
       select fractal_site as site_id, count(*) as facts,
              least(${RISK_PARTS.gaps}, ${RISK_PARTS.gaps} * coalesce(sum(case fractal_severity ${byKind((severity) => POINTS[severity])} end)
                filter (${holds} and fractal_kind <> ${finding}), 0) / 100.0) as gaps,
              least(${RISK_PARTS.findings}, coalesce(sum(case when fractal_severity >= ${severe} then 5 else 2 end)
                filter (${holds} and fractal_kind = ${finding}), 0)) as findings
         from ${view}_facts group by all),
     assessed as (
       select site_id, ${RISK_PARTS.assessments} * max(coalesce(residual_likelihood, likelihood) * coalesce(residual_severity, severity)) / 25.0 as worst
         from ${data}.esh.risk_assessments ${live} and assessed_on <= ${TODAY} group by all),
     happened as (
       select site_id, count(*) as incidents, least(${RISK_PARTS.incidents}, sum(case severity ${points} else 1 end)
                filter (occurred_at >= ${TODAY} - interval '1 year' and occurred_at < ${TODAY} + interval '1 day')) as points
         from ${data}.esh.incidents ${live} group by all)
     select s.fractal_site,
            case when coalesce(fact.facts, 0) + coalesce(happened.incidents, 0) > 0 then
              round(coalesce(fact.gaps, 0) + coalesce(fact.findings, 0) + coalesce(assessed.worst, 0) + coalesce(happened.points, 0))::integer
            end as fractal_score
       from ${view}_sites s left join fact on fact.site_id = s.fractal_site left join assessed on assessed.site_id = s.fractal_site
       left join happened on happened.site_id = s.fractal_site`,
    `create macro ${catalogue}.main.risk_score(site) as (
       select any_value(fractal_r.fractal_score) from ${view}_scores as fractal_r where fractal_r.fractal_site = site)`,
  ];
}

/** Records that name the provision they are made under. */
const NAMING = ['permits', 'permit_conditions', 'findings', 'monitoring_limits', 'enforcement_actions'];

/** Where law of the European Union applies. */
const EU_MEMBERS =
  'AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');

const hasPlain = (scope: ReadScope, schema: string, name: string, columns: readonly string[]): boolean => {
  const table = tableOf(scope, schema, name);
  return columns.every((column) =>
    table?.columns.some((one) => one.name === column && one.shown === 'plain'),
  );
};

/** Provisions with their jurisdiction, and whether their text is in force today; undefined when that is not shown. */
function provisions(scope: DomainScope, catalogue: string): string | undefined {
  const dated = ['version_id', 'in_force_from', 'in_force_to', 'known_to', 'deleted'];
  const isShown =
    hasPlain(scope, 'law', 'sections', ['section_id', 'version_id', 'jurisdiction', 'deleted']) &&
    hasPlain(scope, 'law', 'versions', dated) &&
    hasPlain(scope, 'esh', 'sites', ['site_id', 'jurisdiction', 'deleted']);
  if (!isShown) return undefined;
  return `select s.section_id as fractal_section, s.version_id as fractal_version, s.jurisdiction as fractal_law,
                 coalesce(v.in_force_from <= ${TODAY}, true) and coalesce(v.in_force_to > ${TODAY}, true) as fractal_in_force
            from ${catalogue}.law.sections s join ${catalogue}.law.versions v using (version_id)
           where v.known_to is null and not v.deleted and not s.deleted`;
}

const words = (text: string): string =>
  `' ' || regexp_replace(lower(${text}), '[^\\p{L}\\p{N}]+', ' ', 'g') || ' '`;

function appliesStatements(scope: DomainScope, catalogue: string): string[] {
  const law = provisions(scope, catalogue);
  if (law === undefined) return [];
  const view = `${catalogue}.fractal.applies`;
  const naming = NAMING.filter((name) =>
    hasPlain(scope, 'esh', name, ['site_id', 'law_section_id', 'deleted']),
  ).map(
    (name) =>
      `select law_section_id as fractal_section, site_id as fractal_site from ${catalogue}.esh.${name} where not deleted and law_section_id is not null`,
  );
  const addressed = hasPlain(scope, 'law', 'obligations', [
    'section_id',
    'version_id',
    'addressee',
    'exception',
    'deleted',
  ]);
  const phrases = [
    ...(hasPlain(scope, 'esh', 'sites', ['industry_sector'])
      ? [`select site_id, industry_sector as phrase from ${catalogue}.esh.sites where not deleted`]
      : []),
    ...(hasPlain(scope, 'esh', 'sites', ['activities'])
      ? [`select site_id, unnest(activities) as phrase from ${catalogue}.esh.sites where not deleted`]
      : []),
  ];
  const none = 'select null::varchar as fractal_section, null::varchar as fractal_site where false';
  return [
    `create view ${view}_provisions as
     select fractal_section, any_value(fractal_law) as fractal_law, bool_or(fractal_in_force) as fractal_in_force from (${law}) group by all`,
    `create view ${view}_named as ${naming.length === 0 ? none : naming.join(' union ')}`,
    `create view ${view}_addressed as ${
      !addressed || phrases.length === 0
        ? none
        : `with phrase as (select distinct site_id, ${words('phrase')} as phrase from (${phrases.join(' union ')}) where length(trim(phrase)) > 2),
           duty as (
             select o.section_id, ${words('o.addressee')} as addressee, ${words("coalesce(o.exception, '')")} as exception
               from ${catalogue}.law.obligations o semi join (from (${law}) where fractal_in_force) p on p.fractal_version = o.version_id
              where not o.deleted and o.addressee is not null)
           select distinct d.section_id as fractal_section, p.site_id as fractal_site
             from duty d join phrase p on contains(d.addressee, p.phrase) and not contains(d.exception, p.phrase)`
    }`,
    `create view ${view}_sites as select site_id as fractal_site, jurisdiction as fractal_place from ${catalogue}.esh.sites where not deleted`,
    `create macro ${catalogue}.main.regulation_applies(section, site) as (
       select any_value(case
                when exists (from ${view}_named as fractal_n where fractal_n.fractal_section = fractal_p.fractal_section and fractal_n.fractal_site = fractal_s.fractal_site) then true
                when not fractal_p.fractal_in_force then false
                when fractal_s.fractal_place <> fractal_p.fractal_law and not starts_with(fractal_s.fractal_place, fractal_p.fractal_law || '-')
                     and not (fractal_p.fractal_law = 'EU' and fractal_s.fractal_place in (${EU_MEMBERS.map((code) => `'${code}'`).join(', ')})) then false
                when exists (from ${view}_addressed as fractal_d where fractal_d.fractal_section = fractal_p.fractal_section and fractal_d.fractal_site = fractal_s.fractal_site) then true
              end)
         from ${view}_provisions as fractal_p, ${view}_sites as fractal_s
        where fractal_p.fractal_section = section and fractal_s.fractal_site = site)`,
  ];
}
