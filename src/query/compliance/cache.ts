/**
 * Compliance of every site in memory, kept equal to `factsSql` over the store: after a commit only the sites whose
 * records it touched are read again. Rules and their ids: SPEC.md.
 */
import { Serial, unavailableError, type Limits } from '../../base/index.ts';
import type { Snapshot, Store } from '../../store/index.ts';
import { FACT_TABLES, POINTS, factsSql, kindOf, severityOf, type FactKind, type Severity } from './facts.ts';
import { FactSlices, type SiteFacts } from './slices.ts';

export type ComplianceStatus = 'compliant' | 'at-risk' | 'non-compliant' | 'unknown';

export interface Gap {
  readonly kind: FactKind;
  readonly severity: Severity;
  /** Key of the record that shows it. */
  readonly key: string;
}

export interface SiteCompliance {
  readonly status: ComplianceStatus;
  /** 100 without gaps, 0 at worst, null when unknown; see docs/compliance.md. */
  readonly score: number | null;
  /** Worst first. */
  readonly gaps: readonly Gap[];
  /** Facts that are no gaps, by kind. */
  readonly counts: Readonly<Partial<Record<FactKind, number>>>;
}

interface SiteRow extends SiteFacts {
  readonly site_id: string;
}

/** Rows that may move to another site, or speak of a record of another: where their facts were last. */
interface Home {
  readonly record: string;
  readonly site_id: string;
}

const HOMES = `
  select 'risk ' || risk_id as record, site_id, commit_version from esh.risk_assessments
  union all select 'enforcement ' || action_id, site_id, commit_version from esh.enforcement_actions
  union all select 'action ' || action_item_id, site_id, commit_version from esh.action_items
  union all select 'answer ' || a.action_item_id, f.site_id, greatest(a.commit_version, f.commit_version)
    from esh.action_items a join esh.findings f on a.source_table = 'esh.findings' and f.finding_id = a.source_id`;

const CHANGED = [
  ...FACT_TABLES.map((table) => `select site_id from ${table} where commit_version > $1`),
  'select p.site_id from esh.permit_status s join esh.permits p using (permit_id) where s.commit_version > $1',
].join(' union all ');

const CHANGED_RECORDS = `
  select 'risk ' || risk_id as record from esh.risk_assessments where commit_version > $1
  union all select 'enforcement ' || action_id from esh.enforcement_actions where commit_version > $1
  union all select unnest(['action ' || action_item_id, 'answer ' || action_item_id])
    from esh.action_items where commit_version > $1`;

/** One row per site of `$1`, its facts in lists of one order, worst first. */
const BY_SITE = ((): string => {
  const column = (name: string): string =>
    `list(${name} order by severity desc, kind, from_day, ref_key, to_day)`;
  return `select site_id, ${column('kind')}::integer[] as kinds, ${column('severity')}::integer[] as severities,
          ${column('from_day')} as "from", ${column('to_day')} as "to", ${column('ref_key')} as keys
     from (${factsSql(true)}) where from_day < to_day group by site_id`;
})();

const SITES = FACT_TABLES.map((table) => `select site_id from ${table} where not deleted`).join(
  ' union all ',
);

const NONE: SiteFacts = { kinds: [], severities: [], from: [], to: [], keys: [] };

export class ComplianceCache {
  readonly #store: Store;
  readonly #limits: Limits;
  readonly #reading = new Serial();
  readonly #numbers = new Map<string, number>();
  #slices = new FactSlices();
  #homes = new Map<string, string>();
  /** The commit it speaks of; undefined before the first reading. */
  #version: bigint | undefined;

  constructor(store: Store, limits: Limits) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Takes in what was committed since. Cheap when nothing was. */
  async refresh(): Promise<void> {
    if (this.#version === this.#store.commitVersion) return;
    await this.#reading.run(async () => {
      if (this.#version === this.#store.commitVersion) return;
      await this.#store.snapshot(async (snapshot) => {
        if (this.#version === undefined) await this.#readAll(snapshot);
        else await this.#readChanged(snapshot, this.#version);
        this.#version = snapshot.commitVersion;
      });
    });
  }

  /** The commit it speaks of; undefined before the first `refresh`. */
  get version(): bigint | undefined {
    return this.#version;
  }

  /** Sites that have facts, or had some. */
  get sites(): Iterable<string> {
    return this.#numbers.keys();
  }

  /** For `worst`, which is the fast way to ask many times. */
  numberOf(siteId: string): number | undefined {
    return this.#numbers.get(siteId);
  }

  /** The greatest severity at site number `site` on that day (from 1970-01-01) as an index of `SEVERITIES`. */
  worst(site: number, day: number): number {
    return this.#slices.worst(site, day);
  }

  check(siteId: string, day: number): SiteCompliance {
    const site = this.#numbers.get(siteId);
    if (site === undefined || this.#slices.count(site) === 0)
      return { status: 'unknown', score: null, gaps: [], counts: {} };
    const gaps: Gap[] = [];
    const counts: Partial<Record<FactKind, number>> = {};
    this.#slices.each(site, day, (kindCode, severityCode, key) => {
      const kind = kindOf(kindCode);
      const severity = severityOf(severityCode);
      if (severity === 'none') counts[kind] = (counts[kind] ?? 0) + 1;
      else gaps.push({ kind, severity, key });
    });
    return { status: statusOf(gaps[0]?.severity ?? 'none'), score: scoreOf(gaps), gaps, counts };
  }

  async #readAll(snapshot: Snapshot): Promise<void> {
    this.#slices = new FactSlices();
    this.#numbers.clear();
    const sites = await snapshot.rows<{ site_id: string }>(`select distinct site_id from (${SITES})`);
    await this.#readSites(
      snapshot,
      sites.map((row) => row.site_id),
    );
    const homes = await snapshot.rows<Home>(`select record, site_id from (${HOMES})`);
    this.#homes = new Map(homes.map(({ record, site_id }) => [record, site_id]));
  }

  async #readChanged(snapshot: Snapshot, since: bigint): Promise<void> {
    const now = await snapshot.rows<{ site_id: string }>(`select distinct site_id from (${CHANGED})`, [
      since,
    ]);
    const records = await snapshot.rows<{ record: string }>(CHANGED_RECORDS, [since]);
    const touched = new Set(now.map((row) => row.site_id));
    for (const { record } of records) {
      const home = this.#homes.get(record);
      if (home !== undefined) touched.add(home);
    }
    const homes = await snapshot.rows<Home>(
      `select record, site_id from (${HOMES}) where commit_version > $1`,
      [since],
    );
    for (const { record, site_id } of homes) {
      touched.add(site_id);
      this.#homes.set(record, site_id);
    }
    if (touched.size === 0) return;
    await this.#readSites(snapshot, [...touched]);
  }

  /** In groups: all at once would take more memory than DuckDB may use. */
  async #readSites(snapshot: Snapshot, siteIds: readonly string[]): Promise<void> {
    const most = this.#limits.compliance_sites;
    for (let start = 0; start < siteIds.length; start += most) {
      const group = new Set(siteIds.slice(start, start + most));
      for (const row of await snapshot.rows<SiteRow>(BY_SITE, [[...group]])) {
        this.#set(row.site_id, row);
        group.delete(row.site_id);
      }
      for (const siteId of group) this.#set(siteId, NONE);
    }
  }

  #set(siteId: string, facts: SiteFacts): void {
    let site = this.#numbers.get(siteId);
    if (site === undefined) {
      if (facts === NONE) return;
      site = this.#numbers.size;
      this.#numbers.set(siteId, site);
    }
    this.#slices.set(site, facts);
    if (this.#slices.facts > this.#limits.compliance_facts)
      throw unavailableError(
        'compliance.facts',
        `the records make more than ${this.#limits.compliance_facts} facts about compliance`,
        'Raise compliance_facts in fractal.json.',
      );
  }
}

export function statusOf(worst: Severity): ComplianceStatus {
  if (worst === 'none') return 'compliant';
  return worst === 'high' || worst === 'critical' ? 'non-compliant' : 'at-risk';
}

export function scoreOf(gaps: readonly { readonly severity: Severity }[]): number {
  return Math.max(
    0,
    gaps.reduce((score, gap) => score - POINTS[gap.severity], 100),
  );
}
