/**
 * Compliance as the node offers it. A principal asks of a site only when policy shows them every record that the rules
 * read: half the picture would be called compliant.
 */
import { deniedError, notFoundError, today, unavailableError } from '../base/index.ts';
import {
  complianceRule,
  gapDetails,
  sitesSql,
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
    const rule = complianceRule(this.#policy, this.#principal);
    if (!rule.allowed) throw this.#denied(rule.rule);
    // The name of a site, and the words of its gaps.
    const shown = ['esh.sites', 'law.versions', 'law.sections', 'law.obligations'] as const;
    for (const table of shown) {
      const all = table === 'esh.sites' ? ['name'] : ['*'];
      const available = table === 'esh.sites' ? ['site_id', 'region', 'deleted'] : [];
      const request = { action: 'read', tables: [table], shown: all, available } as const;
      const decision = this.#policy.decide(this.#principal, request);
      if (!decision.allowed) throw this.#denied(decision.rule);
    }
    return rule.where;
  }

  #denied(rule: string): Error {
    return deniedError(
      'policy.denied',
      `${this.#principal.id} may not read all that a check reads (${rule})`,
      'Ask an administrator for the right.',
    );
  }
}

async function sites(
  snapshot: Snapshot,
  predicate: string | undefined,
  siteId: string | undefined,
): Promise<Site[]> {
  const one = siteId === undefined ? '' : ' and site_id = $1';
  return await snapshot.rows<Site>(sitesSql(predicate) + one, siteId === undefined ? [] : [siteId]);
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
