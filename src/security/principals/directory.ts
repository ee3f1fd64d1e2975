/**
 * Who may come in. Principals and hashes of their credentials are rows of the node's own tables; a change counts from
 * the next call on. Nobody is ever taken out of the table: a name in old records must not come to mean somebody else,
 * and a node whose users are gone must not fall back to single-user mode.
 */
import {
  Serial,
  badInputError,
  deniedError,
  newId,
  notFoundError,
  usageError,
  type Clock,
  type Limits,
  type Random,
} from '../../base/index.ts';
import type { Attribute, Principal } from '../../query/index.ts';
import type { Store, Transaction } from '../../store/index.ts';
import type { PolicyEngine } from '../policy/engine.ts';
import { isOfType } from '../policy/resolve.ts';
import { PasswordAttempts, type Lockout } from './attempts.ts';
import { userOfCertificate, type ShownCertificate } from './certificates.ts';
import type { OidcTokens } from './oidc.ts';
import { Passwords, checkPassword, makeToken, readToken, sameHash } from './secrets.ts';
import { LoginSessions } from './sessions.ts';

export interface DirectoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly policy: PolicyEngine;
  /** Tokens that others give out for users of this node. */
  readonly oidc?: OidcTokens | undefined;
  /** Told when too many wrong passwords were shown, once for each time it begins. */
  readonly lockedOut?: (lockout: Lockout) => Promise<void>;
}

export interface UserRecord {
  readonly id: string;
  readonly roles: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly removed: boolean;
  readonly credentials: readonly CredentialRecord[];
}

export interface CredentialRecord {
  readonly id: string;
  readonly kind: 'password' | 'token';
  readonly label: string;
  /** ISO 8601; null when it does not end. */
  readonly expires_at: string | null;
}

export interface UserChange {
  readonly roles?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly password?: string;
}

/** What a caller shows to prove who they are. */
export type Credentials =
  | { readonly token: string }
  | { readonly id: string; readonly password: string }
  /** The secret of a login session. */
  | { readonly session: string }
  /** A certificate of the connection. */
  | ShownCertificate;

function notAccepted(): Error {
  return deniedError(
    'auth.failed',
    'the credentials are not accepted',
    'Check them; an administrator makes new ones with `fractal user token`.',
  );
}

interface Entry {
  readonly principal: Principal;
  readonly removed: boolean;
}

interface Credential {
  readonly id: string;
  readonly principal: string;
  readonly kind: 'password' | 'token';
  readonly hash: string;
  readonly label: string;
  readonly expires: number | undefined;
}

interface State {
  readonly commitVersion: bigint;
  readonly principals: ReadonlyMap<string, Entry>;
  readonly credentials: readonly Credential[];
}

/**
 * What stands for a credential that others gave out and that was shown: what it was, until when it holds, and the user. It
 * never leaves the node.
 */
type Foreign = 'oidc' | 'x509';
const foreignId = (kind: Foreign, { user, expires }: { user: string; expires: number }): string =>
  `${kind} ${expires} ${user}`;
const FOREIGN = /^(?:oidc|x509) (\d+) (\S+)$/;

function foreignCredential(
  credential: string,
): { readonly principal: string; readonly expires: number } | undefined {
  const [, expires, principal] = FOREIGN.exec(credential) ?? [];
  return principal === undefined ? undefined : { principal, expires: Number(expires) };
}

/** Like the names of accounts elsewhere; an address will do. */
const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;
const RESERVED = ['local-operator'];
const DAY_MS = 86_400_000;

export class PrincipalDirectory {
  readonly #options: DirectoryOptions;
  readonly #passwords: Passwords;
  readonly #attempts: PasswordAttempts;
  readonly sessions: LoginSessions;
  /** Changes one at a time: each is checked against what the one before left. */
  readonly #changes = new Serial();
  #state: State | undefined;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#passwords = new Passwords(options.random, options.limits);
    this.#attempts = new PasswordAttempts(options.clock, options.limits);
    this.sessions = new LoginSessions(options);
  }

  /** Whether no user was ever added: then the one at the keyboard has all rights. */
  async isSingleUser(): Promise<boolean> {
    return (await this.#load()).principals.size === 0;
  }

  async list(): Promise<UserRecord[]> {
    const { principals, credentials } = await this.#load();
    return [...principals.values()].map(({ principal, removed }) => ({
      id: principal.id,
      roles: principal.roles,
      attributes: principal.attributes ?? {},
      removed,
      credentials: credentials
        .filter((one) => one.principal === principal.id)
        .map(({ id, kind, label, expires }) => ({
          id,
          kind,
          label,
          expires_at: expires === undefined ? null : new Date(expires).toISOString(),
        })),
    }));
  }

  /** The principal of a name. Throws `user.unknown`. */
  async named(id: string): Promise<Principal> {
    return (await this.#entry(id)).principal;
  }

  /** Who shows these credentials. Throws `auth.failed`, the same for every reason. */
  async authenticate(shown: Credentials): Promise<Principal> {
    return (await this.identify(shown)).principal;
  }

  /**
   * Who shows these credentials, and the id of the one that fits. Throws `auth.failed`; `auth.locked` when too many wrong
   * passwords were shown for the same name or from the same `address`, which is absent on the node's own machine.
   */
  async identify(
    shown: Credentials,
    address?: string,
  ): Promise<{ readonly principal: Principal; readonly credential: string }> {
    if ('session' in shown) {
      const session = this.sessions.use(shown.session);
      if (session === undefined) throw notAccepted();
      return { principal: await this.holder(session.credential), credential: `session/${session.id}` };
    }
    if ('certificate' in shown) {
      const owner = userOfCertificate(shown);
      if (owner === undefined) throw notAccepted();
      const credential = foreignId('x509', owner);
      // Connections live long: that it ended since it was checked is seen here.
      return { principal: await this.holder(credential), credential };
    }
    const { credentials } = await this.#load();
    let found: Credential | undefined;
    if ('token' in shown) {
      const foreign = shown.token.startsWith('fractal_')
        ? undefined
        : await this.#options.oidc?.userOf(shown.token);
      if (foreign !== undefined) {
        const credential = foreignId('oidc', foreign);
        return { principal: await this.holder(credential), credential };
      }
      const token = readToken(shown.token);
      const known = credentials.find((one) => one.kind === 'token' && one.id === token?.id);
      if (token !== undefined && known !== undefined && sameHash(known.hash, token.hash)) found = known;
    } else {
      this.#attempts.check(shown.id, address);
      const known = credentials.find((one) => one.kind === 'password' && one.principal === shown.id);
      if (await this.#passwords.matches(shown.password, known?.hash)) {
        found = known;
        this.#attempts.succeeded(shown.id);
      } else
        for (const lockout of this.#attempts.failed(shown.id, address))
          await this.#options.lockedOut?.(lockout);
    }
    if (found === undefined) throw notAccepted();
    return { principal: await this.holder(found.id), credential: found.id };
  }

  /** Whose credential it is; to whoever asks it must have been shown before. Throws `auth.failed` once it ended. */
  async holder(credential: string): Promise<Principal> {
    const { principals, credentials } = await this.#load();
    const known = credentials.find((one) => one.id === credential) ?? foreignCredential(credential);
    if (known === undefined || (known.expires !== undefined && known.expires <= this.#options.clock.now()))
      throw notAccepted();
    const entry = principals.get(known.principal);
    if (entry === undefined || entry.removed) throw notAccepted();
    return entry.principal;
  }

  async add(by: string, id: string, change: UserChange): Promise<void> {
    await this.#changes.run(() => this.#add(by, id, change));
  }

  async #add(by: string, id: string, change: UserChange): Promise<void> {
    const { principals } = await this.#load();
    if (!NAME.test(id) || RESERVED.includes(id))
      throw badInputError(
        'user.name',
        'the name of a user is 1 to 64 of a-z, 0-9, . _ @ -, not beginning with a sign, and not reserved',
        'Choose another name.',
      );
    if (principals.has(id))
      throw badInputError('user.exists', `there is a user ${id}, or there was one`, 'Choose another name.');
    const roles = change.roles ?? [];
    this.#checkChange(change);
    if (principals.size === 0 && !this.#administers({ id, roles, attributes: change.attributes ?? {} }))
      throw badInputError(
        'user.first',
        'the first user ends single-user mode and must be able to administer the node',
        'Give a role that may administer, for example --roles system-admin.',
      );
    const hash = change.password === undefined ? undefined : await this.#passwords.hash(change.password);
    await this.#write(by, async (transaction) => {
      await transaction.bookkeep(
        'insert into node.principals values ($1, $2, $3, false, make_timestamp($4))',
        [id, roles, JSON.stringify(change.attributes ?? {}), this.#micros()],
      );
      if (hash !== undefined) await this.#insert(transaction, id, 'password', hash, '', undefined);
    });
  }

  async set(by: string, id: string, change: UserChange): Promise<void> {
    await this.#changes.run(() => this.#set(by, id, change));
  }

  async #set(by: string, id: string, change: UserChange): Promise<void> {
    const { principal } = await this.#entry(id);
    this.#checkChange(change);
    const roles = change.roles ?? principal.roles;
    const attributes = change.attributes ?? principal.attributes ?? {};
    await this.#keepAdministrator(id, { id, roles, attributes });
    const hash = change.password === undefined ? undefined : await this.#passwords.hash(change.password);
    await this.#write(by, async (transaction) => {
      await transaction.bookkeep(
        'update node.principals set roles = $1, attributes = $2, changed_at = make_timestamp($3) where principal_id = $4',
        [roles, JSON.stringify(attributes), this.#micros(), id],
      );
      if (hash === undefined) return;
      await transaction.bookkeep(
        `delete from node.credentials where principal_id = $1 and kind = 'password'`,
        [id],
      );
      await this.#insert(transaction, id, 'password', hash, '', undefined);
    });
  }

  /** The name stays; the credentials go. */
  async remove(by: string, id: string): Promise<void> {
    await this.#changes.run(() => this.#remove(by, id));
  }

  async #remove(by: string, id: string): Promise<void> {
    await this.#entry(id);
    await this.#keepAdministrator(id, undefined);
    await this.#write(by, async (transaction) => {
      await transaction.bookkeep(
        'update node.principals set removed = true, changed_at = make_timestamp($1) where principal_id = $2',
        [this.#micros(), id],
      );
      await transaction.bookkeep('delete from node.credentials where principal_id = $1', [id]);
    });
  }

  /** A token, told once. */
  async addToken(by: string, id: string, label: string, days: number | undefined): Promise<string> {
    await this.#entry(id);
    if (label.length > 64)
      throw badInputError('user.label', 'a label has at most 64 characters', 'Shorten it.');
    const credential = newId(this.#options.clock, this.#options.random);
    const { token, hash } = makeToken(credential, this.#options.random);
    const ends = days === undefined ? undefined : this.#options.clock.now() + days * DAY_MS;
    await this.#write(by, (transaction) =>
      this.#insert(transaction, id, 'token', hash, label, ends, credential),
    );
    return token;
  }

  async revoke(by: string, id: string, credential: string): Promise<void> {
    const { credentials } = await this.#load();
    if (!credentials.some((one) => one.id === credential && one.principal === id))
      throw notFoundError(
        'user.credential',
        `${id} has no such credential`,
        '`fractal user list --json` shows them.',
      );
    await this.#write(by, async (transaction) => {
      await transaction.bookkeep('delete from node.credentials where credential_id = $1', [credential]);
    });
  }

  async #entry(id: string): Promise<Entry> {
    const entry = (await this.#load()).principals.get(id);
    if (entry === undefined || entry.removed)
      throw notFoundError('user.unknown', `there is no user ${id}`, '`fractal user list` shows them.');
    return entry;
  }

  #checkChange({ roles, attributes, password }: UserChange): void {
    const { document } = this.#options.policy;
    for (const role of roles ?? [])
      if (!Object.hasOwn(document.roles, role))
        throw usageError(
          'user.role',
          `there is no role ${JSON.stringify(role)}`,
          `Roles are ${Object.keys(document.roles).join(', ')}.`,
        );
    for (const [name, value] of Object.entries(attributes ?? {})) {
      const type = Object.hasOwn(document.attributes, name) ? document.attributes[name] : undefined;
      if (type === undefined)
        throw usageError(
          'user.attribute',
          `the policy knows no attribute ${JSON.stringify(name)}`,
          `It knows ${Object.keys(document.attributes).join(', ')}.`,
        );
      if (!isOfType(value, type))
        throw usageError('user.attribute', `the attribute ${name} must be ${type}`, 'Correct the value.');
    }
    if (password !== undefined) checkPassword(password);
  }

  #administers(principal: Principal): boolean {
    return this.#options.policy.decide(principal, { action: 'administer', tables: ['*'] }).allowed;
  }

  /** Refuses a change after which nobody could undo it. */
  async #keepAdministrator(id: string, after: Principal | undefined): Promise<void> {
    const others = [...(await this.#load()).principals.values()].filter(
      ({ principal, removed }) => !removed && principal.id !== id,
    );
    if (after !== undefined && this.#administers(after)) return;
    if (others.some(({ principal }) => this.#administers(principal))) return;
    throw badInputError(
      'user.last_administrator',
      'after this change nobody could administer the node',
      'Give another user the right first.',
    );
  }

  async #insert(
    transaction: Transaction,
    principal: string,
    kind: 'password' | 'token',
    hash: string,
    label: string,
    expires: number | undefined,
    id = newId(this.#options.clock, this.#options.random),
  ): Promise<void> {
    await transaction.bookkeep(
      'insert into node.credentials values ($1, $2, $3, $4, $5, make_timestamp($6), make_timestamp($7))',
      [
        id,
        principal,
        kind,
        hash,
        label,
        this.#micros(),
        expires === undefined ? null : BigInt(expires) * 1000n,
      ],
    );
  }

  async #write(by: string, work: (transaction: Transaction) => Promise<void>): Promise<void> {
    await this.#options.store.transact(by, work);
  }

  #micros(): bigint {
    return BigInt(this.#options.clock.now()) * 1000n;
  }

  /** What the tables hold, read again after every commit. */
  async #load(): Promise<State> {
    const { store } = this.#options;
    const { commitVersion } = store;
    if (this.#state?.commitVersion === commitVersion) return this.#state;
    const principals = await store.rows<{
      principal_id: string;
      roles: string[];
      attributes: string;
      removed: boolean;
    }>('select principal_id, roles, attributes, removed from node.principals where $1 = 1 order by 1', [1]);
    const credentials = await store.rows<{
      credential_id: string;
      principal_id: string;
      kind: 'password' | 'token';
      hash: string;
      label: string;
      expires: bigint | null;
    }>(
      `select credential_id, principal_id, kind, hash, label, epoch_ms(expires_at) as expires
         from node.credentials where $1 = 1 order by 1`,
      [1],
    );
    this.#state = {
      commitVersion,
      principals: new Map(
        principals.map((row) => [
          row.principal_id,
          {
            principal: {
              id: row.principal_id,
              roles: row.roles,
              attributes: JSON.parse(row.attributes) as Record<string, Attribute>,
            },
            removed: row.removed,
          },
        ]),
      ),
      credentials: credentials.map((row) => ({
        id: row.credential_id,
        principal: row.principal_id,
        kind: row.kind,
        hash: row.hash,
        label: row.label,
        expires: row.expires === null ? undefined : Number(row.expires),
      })),
    };
    return this.#state;
  }
}
