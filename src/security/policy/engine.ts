/** A policy at work: who may do what now, and what of each table they see. Default is no; denials win. */
import { FIXED_LIMITS, internalError, sha256, type Clock } from '../../base/index.ts';
import type {
  AccessDecision,
  AccessPolicy,
  AccessRequest,
  Action,
  Principal,
  ReadScope,
  ReadableTable,
  WriteDecision,
} from '../../query/index.ts';
import { showColumn, type ActiveRules } from './columns.ts';
import {
  ALWAYS,
  NEVER,
  UNKNOWN,
  all,
  any,
  columnsOf,
  constant,
  isFalse,
  isNever,
  toSql,
  type Resolved,
} from './condition.ts';
import type { Condition, Denial, Grant, PolicyDocument } from './document.ts';
import { MODEL, covers, externalTable, tableName, type ExternalColumns, type ModelTable } from './model.ts';
import { checkPolicy } from './check.ts';
import { resolve, type Asker } from './resolve.ts';
import { columnInWords, grantsByRole, ruleInWords, type RuleInWords } from './words.ts';

export interface EngineOptions {
  /** Checked by `checkPolicy`. */
  readonly document: PolicyDocument;
  readonly clock: Clock;
  /** Makes the hashes of masked texts; a secret. */
  readonly hashKey: string;
}

export interface TableInWords {
  readonly rules: readonly RuleInWords[];
  /** By name: what each rule makes of it. */
  readonly columns: Readonly<Record<string, string>>;
}

const DAY_MS = 86_400_000;

/** Actions by which data leave the node. */
const LEAVING: readonly Action[] = ['export', 'sync'];

export class PolicyEngine implements AccessPolicy {
  readonly document: PolicyDocument;
  readonly #clock: Clock;
  readonly #hashKey: string;
  /** By who asks and when. */
  readonly #scopes = new Map<string, ReadScope>();
  readonly #signatures = new WeakMap<Principal, string>();
  /** What rules are about: the model, and the external tables there are. */
  #tables: readonly ModelTable[] = MODEL;
  /** Conditions on the moment. */
  readonly #timed: readonly Condition[];

  constructor({ document, clock, hashKey }: EngineOptions) {
    this.document = document;
    this.#clock = clock;
    this.#hashKey = hashKey;
    const rules = [...Object.values(document.roles).flatMap((role) => role.grants), ...document.denials];
    this.#timed = rules.flatMap((rule) => rule.when ?? []);
  }

  /** From now on these external tables are there. Throws `policy.invalid` when a rule does not fit them. */
  setExternal(tables: readonly ExternalColumns[]): void {
    checkPolicy(this.document, tables);
    this.#tables = [...MODEL, ...tables.map(externalTable)];
    this.#scopes.clear();
  }

  decide(principal: Principal, request: AccessRequest): AccessDecision {
    const asker = this.#asker(principal);
    if (request.tables.includes('*')) return this.#decideWhole(principal, request.action, asker);
    const predicates: Resolved[] = [];
    for (const name of request.tables) {
      const table = this.#tables.find((one) => tableName(one) === name);
      if (table === undefined) return { allowed: false, rule: `no rule speaks of ${name}` };
      const decision = this.#decideTable(principal, request, table, asker);
      if ('rule' in decision) return { allowed: false, rule: decision.rule };
      predicates.push(decision.where);
    }
    // Several tables have no row in common: the caller asks for each when rows are limited.
    const [where] = predicates;
    const isLimited = predicates.some((one) => one !== ALWAYS);
    if (where === undefined || (isLimited && predicates.length > 1))
      return { allowed: false, rule: 'rows are limited: ask for one table at a time' };
    return { allowed: true, predicate: isLimited ? toSql(where, 'lance') : undefined };
  }

  /** The action as such, on no particular table. */
  #decideWhole(principal: Principal, action: Action, asker: Asker): AccessDecision {
    const denial = this.document.denials.find(
      (one) =>
        one.tables.includes('*') &&
        one.columns === undefined &&
        one.actions.includes(action) &&
        one.where === undefined &&
        this.#isFor(one.roles, principal) &&
        !isNever(this.#when(one.when, asker, true)),
    );
    if (denial !== undefined) return { allowed: false, rule: denial.id };
    const granted = this.#grantsOf(principal).some(
      (grant) => grant.actions.includes(action) && this.#when(grant.when, asker, false) === ALWAYS,
    );
    return granted
      ? { allowed: true, predicate: undefined }
      : { allowed: false, rule: noRule(principal, action) };
  }

  #decideTable(
    principal: Principal,
    request: AccessRequest,
    table: ModelTable,
    asker: Asker,
  ): { readonly where: Resolved } | { readonly rule: string } {
    const { action, shown, available } = request;
    const active = this.#active(principal, action, table, asker);
    const where = rowsOf(active);
    if (isNever(where)) {
      const denial = active.denials.find((one) => one.columns === undefined && isNever(isFalse(one.where)));
      return { rule: denial?.id ?? noRule(principal, action, table) };
    }
    for (const column of table.columns) {
      if (shown === undefined || (!shown.includes('*') && !shown.includes(column.name))) continue;
      const found = showColumn(column, active, this.#hashKey);
      if ('hiddenBy' in found) return { rule: found.hiddenBy };
      if (found.shown !== 'plain') return { rule: found.rules.join(', ') };
    }
    const limited = LEAVING.includes(action) ? all([where, this.#staysIn(table, asker)]) : where;
    if (isNever(limited))
      return { rule: 'sovereignty: its region is not among the regions of the principal' };
    if (available !== undefined && columnsOf(limited).some((name) => !available.includes(name)))
      return { rule: active.grants.map((grant) => grant.id).join(', ') };
    return { where: limited };
  }

  /** Rows may leave for the principal's own regions only. */
  #staysIn(table: ModelTable, asker: Asker): Resolved {
    const { region } = table;
    if (region === undefined) return NEVER;
    const own: Condition = { in: [{ column: region }, { principal: 'regions' }] };
    return resolve(own, this.#context(table, asker, { regions: 'text[]' }));
  }

  scope(principal: Principal): ReadScope {
    const asker = this.#asker(principal);
    // A principal is never changed in place, so only the moment can change what its rules say.
    const signature = `${this.#signature(principal)} ${this.#moment(asker)}`;
    const known = this.#scopes.get(signature);
    if (known !== undefined) return known;
    const found = this.#tables.flatMap((table) => {
      const active = this.#active(principal, 'read', table, asker);
      return isNever(rowsOf(active)) ? [] : [{ table, active }];
    });
    const scope = {
      // The rules as resolved say all that the views are made of, and of external tables, which change, the columns.
      key: sha256(
        JSON.stringify(
          found.map(({ table, active }) => [
            tableName(table),
            active,
            ...(MODEL.includes(table) ? [] : [table.columns]),
          ]),
        ),
      ),
      tables: found.map(({ table, active }) => this.#readable(table, active)),
    };
    this.#scopes.set(signature, scope);
    const [oldest] = this.#scopes.keys();
    if (this.#scopes.size > FIXED_LIMITS.policy_scopes.value && oldest !== undefined)
      this.#scopes.delete(oldest);
    return scope;
  }

  writing(principal: Principal, action: 'insert' | 'update' | 'delete', name: string): WriteDecision {
    const table = MODEL.find((one) => tableName(one) === name);
    if (table === undefined) return { allowed: false, rule: `no rule speaks of ${name}` };
    const asker = this.#asker(principal);
    const decision = this.#decideTable(principal, { action, tables: [name] }, table, asker);
    if ('rule' in decision) return { allowed: false, rule: decision.rule };
    const { where } = decision;
    const active = this.#active(principal, action, table, asker);
    // What is shown masked or in some rows only is not written: nobody could tell afterwards what was there.
    const columns = table.columns.flatMap((column) => {
      const found = showColumn(column, active, this.#hashKey);
      return 'hiddenBy' in found || found.shown !== 'plain' ? [] : [column.name];
    });
    const may = {
      where: where === ALWAYS ? undefined : toSql(where, 'duckdb'),
      over: columnsOf(where),
      columns,
      rules: rulesOf(active),
    };
    return { allowed: true, may };
  }

  /** Why somebody sees what they see of a table (`schema.name`), and of its columns what they do not see plainly. */
  inWords(principal: Principal, name: string, action: Action = 'read'): TableInWords {
    const table = this.#tables.find((one) => tableName(one) === name);
    if (table === undefined) return { rules: [], columns: {} };
    const asker = this.#asker(principal);
    const bears = (rule: Grant | Denial): boolean =>
      rule.actions.includes(action) && rule.tables.some((pattern) => covers(pattern, table));
    const active = this.#active(principal, action, table, asker);
    const counting = new Set([...active.grants, ...active.denials].map((rule) => rule.id));
    const rules = [
      ...grantsByRole(this.document, principal.roles)
        .filter(({ grant }) => bears(grant))
        .map(({ role, grant }) => ruleInWords(grant, role, principal, counting.has(grant.id))),
      ...this.document.denials
        .filter((denial) => bears(denial) && this.#isFor(denial.roles, principal))
        .map((denial) => ruleInWords(denial, null, principal, counting.has(denial.id))),
    ];
    const columns = Object.fromEntries(
      table.columns.map((column) => [column.name, columnInWords(column, active.grants, active.denials)]),
    );
    return { rules, columns };
  }

  #signature(principal: Principal): string {
    const known = this.#signatures.get(principal);
    if (known !== undefined) return known;
    const signature = sha256(JSON.stringify([principal.roles, principal.attributes, principal.purpose]));
    this.#signatures.set(principal, signature);
    return signature;
  }

  /** The day, and which rules count at this moment. */
  #moment(asker: Asker): string {
    const counts = this.#timed.map((when) => this.#when(when, asker, false) === ALWAYS);
    return `${Math.floor(asker.now / DAY_MS)} ${counts.join(' ')}`;
  }

  #readable(table: ModelTable, active: ActiveRules): ReadableTable {
    const columns = table.columns.map((column) => ({
      name: column.name,
      as: showColumn(column, active, this.#hashKey),
    }));
    const where = rowsOf(active);
    return {
      schema: table.schema,
      name: table.name,
      doc: table.doc,
      columns: columns.flatMap(({ as }) => ('hiddenBy' in as ? [] : [as])),
      where: where === ALWAYS ? undefined : toSql(where, 'duckdb'),
      rules: rulesOf(active),
      hidden: columns.flatMap(({ name, as }) => ('hiddenBy' in as ? [{ name, rule: as.hiddenBy }] : [])),
    };
  }

  #active(principal: Principal, action: Action, table: ModelTable, asker: Asker): ActiveRules {
    const bears = (rule: { actions: readonly Action[]; tables: readonly string[] }): boolean =>
      rule.actions.includes(action) && rule.tables.some((pattern) => covers(pattern, table));
    const grants = this.#grantsOf(principal)
      .filter((grant) => bears(grant) && this.#when(grant.when, asker, false) === ALWAYS)
      .map((grant) => ({
        id: grant.id,
        where: this.#where(grant.where, table, asker),
        columns: grant.columns,
      }))
      .filter((grant) => !isNever(grant.where));
    const denials = this.document.denials
      .filter((denial) => bears(denial) && this.#isFor(denial.roles, principal))
      .filter((denial) => !isNever(this.#when(denial.when, asker, true)))
      .map((denial) => ({
        id: denial.id,
        where: this.#where(denial.where, table, asker),
        columns: denial.columns,
      }))
      .filter((denial) => isFalse(denial.where) !== ALWAYS);
    return { grants, denials };
  }

  #grantsOf(principal: Principal): PolicyDocument['roles'][string]['grants'] {
    const { roles } = this.document;
    return [...new Set(principal.roles)].flatMap((name) =>
      Object.hasOwn(roles, name) ? (roles[name]?.grants ?? []) : [],
    );
  }

  #isFor(roles: readonly string[] | undefined, principal: Principal): boolean {
    return roles === undefined || roles.some((role) => principal.roles.includes(role));
  }

  #where(condition: Condition | undefined, table: ModelTable | undefined, asker: Asker): Resolved {
    return condition === undefined ? ALWAYS : resolve(condition, this.#context(table, asker));
  }

  /** A denial whose moment is not known counts; a grant does not. */
  #when(condition: Condition | undefined, asker: Asker, unknown: boolean): Resolved {
    const found = this.#where(condition, undefined, asker);
    return found === UNKNOWN ? constant(unknown) : found;
  }

  #context(
    table: ModelTable | undefined,
    asker: Asker,
    declared = this.document.attributes,
  ): Parameters<typeof resolve>[1] {
    return {
      table,
      declared,
      asker,
      fail: (why) => internalError('policy.unchecked', `a policy was used without being checked: ${why}`),
    };
  }

  #asker(principal: Principal): Asker {
    return { attributes: principal.attributes ?? {}, now: this.#clock.now(), purpose: principal.purpose };
  }
}

/** The rules behind which rows there are. */
const rulesOf = ({ grants, denials }: ActiveRules): string[] => [
  ...grants.map((grant) => grant.id),
  ...denials.filter((denial) => denial.columns === undefined).map((denial) => denial.id),
];

/** Rows that some grant shows and no denial takes. */
function rowsOf({ grants, denials }: ActiveRules): Resolved {
  const rows = denials.filter((denial) => denial.columns === undefined);
  return all([any(grants.map((grant) => grant.where)), ...rows.map((denial) => isFalse(denial.where))]);
}

const noRule = (principal: Principal, action: Action, table?: ModelTable): string =>
  `no rule of ${principal.roles.join(', ') || 'any role'} allows ${action}${table === undefined ? '' : ` on ${tableName(table)}`}`;
