/**
 * Who asks, and what they may do. A new node is in single-user mode: whoever sits at the keyboard is the local operator
 * with all rights. The first user ends it: from then on every call shows credentials.
 */
import path from 'node:path';
import {
  badInputError,
  deniedError,
  sha256,
  usageError,
  type Clock,
  type FileSystem,
} from '../base/index.ts';
import type { AccessPolicy, Principal } from '../query/index.ts';
import {
  ACTIONS,
  PolicyEngine,
  checkPolicy,
  type Credentials,
  type ExternalColumns,
  type PolicyDocument,
  type PrincipalDirectory,
} from '../security/index.ts';
import type { Via } from './audited/recorder.ts';
import { shippedPolicy } from './paths.ts';
import { declaring } from './purpose.ts';

export const LOCAL_OPERATOR: Principal = { id: 'local-operator', roles: ['local-operator'] };

/** The very objects that `identify` handed out in single-user mode: a name alone gives no rights. */
const LOCAL = new WeakSet<Principal>([LOCAL_OPERATOR]);

export const isLocalOperator = (principal: Principal): boolean => LOCAL.has(principal);

function localOperator(purpose: string | undefined): Principal {
  const principal = declaring(LOCAL_OPERATOR, purpose, true);
  LOCAL.add(principal);
  return principal;
}

/** What a caller says of themselves. */
export interface Caller {
  readonly credentials?: Credentials | undefined;
  /** Whom they want to act as. */
  readonly as?: string | undefined;
  /** What the call is for. */
  readonly purpose?: string | undefined;
  /** By which door they come in; `command` when absent. */
  readonly via?: Via | undefined;
  /** Where they come from; absent on the node's own machine. */
  readonly address?: string | undefined;
}

const SINGLE_USER: PolicyDocument = {
  format: 'fractal.policy/1',
  version: 'single-user',
  attributes: {},
  roles: {
    'local-operator': {
      doc: 'Whoever sits at the keyboard of a node without users.',
      grants: [{ id: 'single-user', actions: ACTIONS, tables: ['*'] }],
    },
  },
  denials: [],
};

/** The policy of a node: the document it is configured with, or the one that ships. */
export async function readPolicy(
  fs: FileSystem,
  dataDir: string,
  configured: string | undefined,
): Promise<PolicyDocument> {
  const file = path.resolve(dataDir, configured ?? shippedPolicy());
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await fs.readFile(file)));
  } catch (error) {
    throw badInputError('policy.file', 'the policy cannot be read, or is not JSON', 'Correct the file.', {
      place: { source: file },
      cause: error,
    });
  }
  return checkPolicy(value);
}

/** One policy for all: the local operator by rules of their own, everybody else by the document. */
export class NodePolicy implements AccessPolicy {
  readonly engine: PolicyEngine;
  readonly #single: PolicyEngine;
  readonly #name: string;
  readonly #options: { readonly clock: Clock; readonly hashKey: string };

  constructor(document: PolicyDocument, clock: Clock, hashKey: Uint8Array) {
    this.#options = { clock, hashKey: sha256(hashKey) };
    this.engine = new PolicyEngine({ ...this.#options, document });
    this.#single = new PolicyEngine({ ...this.#options, document: SINGLE_USER });
    this.#name = `${document.version} ${sha256(JSON.stringify(document))}`;
  }

  /** The document by which the principal is judged: its version, and a hash of what it says. */
  nameFor(principal: Principal): string {
    return isLocalOperator(principal) ? 'single-user' : this.#name;
  }

  /** Another document at work, to be tried out. */
  candidate(document: unknown): PolicyEngine {
    return new PolicyEngine({ ...this.#options, document: checkPolicy(document) });
  }

  /** What the principal's rules say of a table, in words. */
  inWords(...request: Parameters<PolicyEngine['inWords']>): ReturnType<PolicyEngine['inWords']> {
    return this.#of(request[0]).inWords(...request);
  }

  /** What their roles are for. */
  rolesOf(principal: Principal): { readonly name: string; readonly doc: string }[] {
    const { roles } = this.#of(principal).document;
    return principal.roles.map((name) => ({
      name,
      doc:
        (Object.hasOwn(roles, name) ? roles[name]?.doc : undefined) ?? 'the policy does not know this role',
    }));
  }

  /** From now on these external tables are there. Throws `policy.invalid` when a rule does not fit them. */
  setExternal(tables: readonly ExternalColumns[]): void {
    this.engine.setExternal(tables);
    this.#single.setExternal(tables);
  }

  /** A text without the key of the hashes: who knows it can try names until one fits. */
  withoutKey(text: string): string {
    return text.replaceAll(this.#options.hashKey, '<key>');
  }

  decide(...request: Parameters<AccessPolicy['decide']>): ReturnType<AccessPolicy['decide']> {
    return this.#of(request[0]).decide(...request);
  }

  scope(principal: Principal): ReturnType<AccessPolicy['scope']> {
    return this.#of(principal).scope(principal);
  }

  writing(...request: Parameters<AccessPolicy['writing']>): ReturnType<AccessPolicy['writing']> {
    return this.#of(request[0]).writing(...request);
  }

  /** Only `identify` hands out these very objects, and only in single-user mode. */
  #of(principal: Principal): PolicyEngine {
    return isLocalOperator(principal) ? this.#single : this.engine;
  }
}

/** The principal a caller is, now. Asked again for every call, so that a change counts at once. */
export async function admit(
  directory: PrincipalDirectory,
  policy: AccessPolicy,
  caller: Caller,
): Promise<Principal> {
  return (await identify(directory, policy, caller)).principal;
}

/** The same, with the id of the credential that was shown; without one in single-user mode. */
export async function identify(
  directory: PrincipalDirectory,
  policy: AccessPolicy,
  { credentials, as, purpose, address }: Caller,
): Promise<{ readonly principal: Principal; readonly credential?: string }> {
  if (await directory.isSingleUser()) {
    // Credentials that nobody gave out must not be answered with all rights.
    if (credentials === undefined && (as === undefined || as === LOCAL_OPERATOR.id))
      return { principal: localOperator(purpose) };
    throw usageError(
      'principal.unknown',
      'there is no such principal: the node is in single-user mode',
      `Leave --as and credentials away, or make users with \`fractal user add\`.`,
    );
  }
  if (credentials === undefined)
    throw deniedError(
      'auth.required',
      'the node has users, and the call shows no credentials',
      'Set FRACTAL_TOKEN, or send Authorization: Bearer TOKEN.',
    );
  const { principal, credential } = await directory.identify(credentials, address);
  return { principal: declaring(await actingAs(directory, policy, principal, as), purpose), credential };
}

/** The principal whose credential was shown some time ago. Throws as if it were shown now. */
export async function readmit(
  directory: PrincipalDirectory,
  policy: AccessPolicy,
  credential: string | undefined,
  { as, purpose }: Pick<Caller, 'as' | 'purpose'>,
): Promise<Principal> {
  if (credential === undefined) return await admit(directory, policy, { as, purpose });
  return declaring(await actingAs(directory, policy, await directory.holder(credential), as), purpose);
}

async function actingAs(
  directory: PrincipalDirectory,
  policy: AccessPolicy,
  principal: Principal,
  as: string | undefined,
): Promise<Principal> {
  if (as === undefined || as === principal.id) return principal;
  const decision = policy.decide(principal, { action: 'impersonate', tables: ['*'] });
  if (!decision.allowed) throw denied(`${principal.id} may not act as others`, decision.rule);
  return await directory.named(as);
}

export const denied = (what: string, rule: string): Error =>
  deniedError('policy.denied', `${what} (${rule})`, 'Ask an administrator for the right.');

type NodeAction = 'administer' | 'audit' | 'import' | 'hold' | 'infer' | 'manage-models' | 'replicate';

/** Throws unless the principal may do one of the actions. */
export function demandAny(
  policy: AccessPolicy,
  principal: Principal,
  actions: readonly [NodeAction, ...NodeAction[]],
): void {
  if (!actions.some((action) => policy.decide(principal, { action, tables: ['*'] }).allowed))
    demand(policy, principal, actions[0]);
}

/** Throws unless the principal may do the action as such. */
export function demand(policy: AccessPolicy, principal: Principal, action: NodeAction): void {
  const decision = policy.decide(principal, { action, tables: ['*'] });
  if (!decision.allowed) throw denied(`${principal.id} may not ${action}`, decision.rule);
}
