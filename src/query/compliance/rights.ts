/**
 * Who may be told of a site's compliance: a principal whom policy shows every record of it that the rules read. Half the
 * picture would be called compliant.
 */
import type { AccessPolicy, Principal } from '../ports.ts';
import { FACT_COLUMNS, FACT_TABLES } from './facts.ts';

/** Sites that may be told of, as a predicate over `esh.sites`, undefined for all; or the rule against it. */
export type SiteRule =
  | { readonly allowed: true; readonly where: string | undefined }
  | { readonly allowed: false; readonly rule: string };

/** Beside the facts: what a risk score reads. */
export const RISK_TABLES = ['esh.incidents'] as const;
const RISK_COLUMNS = ['incident_id', 'site_id', 'region', 'deleted', 'occurred_at', 'severity'];

export function complianceRule(policy: AccessPolicy, principal: Principal): SiteRule {
  return ruleOf(
    policy,
    principal,
    ['esh.sites', ...FACT_TABLES].map((table) => [table, FACT_COLUMNS]),
  );
}

export function riskRule(policy: AccessPolicy, principal: Principal): SiteRule {
  const facts = ['esh.sites', ...FACT_TABLES].map((table) => [table, FACT_COLUMNS] as const);
  return ruleOf(policy, principal, [...facts, ...RISK_TABLES.map((table) => [table, RISK_COLUMNS] as const)]);
}

function ruleOf(
  policy: AccessPolicy,
  principal: Principal,
  tables: readonly (readonly [table: string, shown: readonly string[]])[],
): SiteRule {
  const predicates = new Set<string>();
  for (const [table, shown] of tables) {
    // What decides about a row must be known from its site alone: then all rows of a site are shown, or none.
    const available = ['site_id', 'region', 'deleted'];
    const decision = policy.decide(principal, { action: 'read', tables: [table], shown, available });
    if (!decision.allowed) return decision;
    if (decision.predicate !== undefined) predicates.add(`(${decision.predicate})`);
  }
  return { allowed: true, where: predicates.size === 0 ? undefined : [...predicates].join(' and ') };
}

/** Rows that say another region than their site: what policy says of the site need not hold for them. */
const elsewhere = (tables: readonly string[], data: string): string =>
  tables.map((table) => `select site_id, region from ${data}${table} where not deleted`).join(' union all ');

/** Live sites that may be told of. `data` names where the tables lie, with a dot behind it. */
export function sitesSql(
  where: string | undefined,
  data = '',
  tables: readonly string[] = FACT_TABLES,
): string {
  const shown =
    where === undefined
      ? ''
      : ` and ${where} and not exists (select 1 from (${elsewhere(tables, data)}) r where r.site_id = s.site_id and r.region <> s.region)`;
  return `select site_id, region, name from ${data}esh.sites s where not deleted${shown}`;
}
