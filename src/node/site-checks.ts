/**
 * Compliance as the node offers it. A principal asks of a site only when policy shows them every record that the rules
 * read: half the picture would be called compliant.
 */
import { deniedError, notFoundError, today, unavailableError } from '../base/index.ts';
import {
  FACT_COLUMNS,
  FACT_TABLES,
  gapDetails,
  type AccessPolicy,
  type Principal,
  type SiteCompliance,
} from '../query/index.ts';
import type { Snapshot } from '../store/index.ts';
import type { CheckRequest, ListedCheck, SiteCheck } from './api.ts';
import type { NodeParts } from './parts.ts';

interface Site {
  readonly site_id: string;
  readonly region: string;
  readonly name: string;
}

const DAY_MS = 86_400_000;
/** A commit may come between the cache and the words of its gaps. */
const TRIES = 3;

export class SiteChecks {
  readonly #parts: NodeParts;
  readonly #principal: Principal;
  readonly #policy: AccessPolicy;

  constructor(parts: NodeParts, principal: Principal, policy: AccessPolicy) {
    this.#parts = parts;
    this.#principal = principal;
    this.#policy = policy;
  }

  async check({ site: siteId, at }: CheckRequest): Promise<SiteCheck> {
    const predicate = this.#mayCheck();
    const { store, compliance } = this.#parts;
    const { date, day } = this.#day(at);
    for (let tries = 0; tries < TRIES; tries++) {
      await compliance.refresh();
      const answer = await store.snapshot(async (snapshot) => {
        if (snapshot.commitVersion !== compliance.version) return undefined;
        const [site] = await sites(snapshot, predicate, siteId);
        if (site === undefined) throw unknownSite();
        const found = compliance.check(siteId, day);
        return {
          ...head(site, found, date),
          counts: found.counts,
          gaps: await gapDetails(snapshot, siteId, day, date),
        };
      });
      if (answer !== undefined) return answer;
    }
    throw unavailableError('compliance.busy', 'records change all the time', 'Ask again.');
  }

  /** Every site that the principal sees, worst first. */
  async checkAll({ at }: Omit<CheckRequest, 'site'>): Promise<readonly ListedCheck[]> {
    const predicate = this.#mayCheck();
    const { store, compliance } = this.#parts;
    const { date, day } = this.#day(at);
    await compliance.refresh();
    const seen = await store.snapshot((snapshot) => sites(snapshot, predicate, undefined));
    const listed = seen.map((site) => {
      const found = compliance.check(site.site_id, day);
      return { ...head(site, found, date), gaps: found.gaps.length };
    });
    const rank = ({ score }: ListedCheck): number => score ?? 101;
    return listed.sort((a, b) => rank(a) - rank(b) || (a.site_id < b.site_id ? -1 : 1));
  }

  #day(at: string | undefined): { readonly date: string; readonly day: number } {
    const date = at ?? today(this.#parts.outside.clock);
    return { date, day: Date.parse(date) / DAY_MS };
  }

  /** The rows of `esh.sites` that may be asked of, as a predicate; undefined for all. */
  #mayCheck(): string | undefined {
    const predicates = new Set<string>();
    for (const table of ['esh.sites', ...FACT_TABLES]) {
      // What decides about a row must be known from its site alone: then all rows of a site are shown, or none.
      const available = ['site_id', 'region', 'deleted'];
      const predicate = this.#mayRead(table, FACT_COLUMNS, available);
      if (predicate !== undefined) predicates.add(`(${predicate})`);
    }
    for (const table of ['law.versions', 'law.sections', 'law.obligations']) this.#mayRead(table, ['*'], []);
    return predicates.size === 0 ? undefined : [...predicates].join(' and ');
  }

  #mayRead(table: string, shown: readonly string[], available: readonly string[]): string | undefined {
    const decision = this.#policy.decide(this.#principal, {
      action: 'read',
      tables: [table],
      shown,
      available,
    });
    if (decision.allowed) return decision.predicate;
    throw deniedError(
      'policy.denied',
      `${this.#principal.id} may not read all that a check reads (${decision.rule})`,
      'Ask an administrator for the right.',
    );
  }
}

/** Rows that say another region than their site: what policy says of the site need not hold for them. */
const ELSEWHERE = FACT_TABLES.map((table) => `select site_id, region from ${table} where not deleted`).join(
  ' union all ',
);

async function sites(
  snapshot: Snapshot,
  predicate: string | undefined,
  siteId: string | undefined,
): Promise<Site[]> {
  const one = siteId === undefined ? '' : 'and site_id = $1';
  const shown =
    predicate === undefined
      ? ''
      : `and ${predicate} and not exists (select 1 from (${ELSEWHERE}) r where r.site_id = s.site_id and r.region <> s.region)`;
  return await snapshot.rows<Site>(
    `select site_id, region, name from esh.sites s where not deleted ${one} ${shown}`,
    siteId === undefined ? [] : [siteId],
  );
}

/** The same for a site that is hidden and one that is not there. */
const unknownSite = (): Error =>
  notFoundError('site.unknown', 'there is no such site', '`fractal check` lists the sites.');

const head = (site: Site, { status, score }: SiteCompliance, asOf: string): Omit<ListedCheck, 'gaps'> => ({
  ...site,
  status,
  score,
  as_of: asOf,
});
