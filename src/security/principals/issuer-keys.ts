/**
 * Public keys of an issuer: from the configuration, or fetched by their address and kept. Keys that were fetched go on
 * counting while the issuer cannot be reached, up to an age; then nothing is taken for its signature.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import {
  FIXED_LIMITS,
  asFractalError,
  badInputError,
  unavailableError,
  type Clock,
  type Limits,
} from '../../base/index.ts';

/** Keys as they were fetched. */
export interface FetchedKeys {
  readonly keys: unknown;
  /** Milliseconds since 1970. */
  readonly fetched_at: number;
}

/** Where keys come from that are not in the configuration. */
export interface KeySource {
  /** The JWKS as the issuer tells it now. */
  ask(): Promise<unknown>;
  /** What was fetched last, in this run or an earlier one. */
  read(): Promise<FetchedKeys | undefined>;
  /** Keeps it for later runs. `changed`: whether the keys are others than before. */
  write(fetched: FetchedKeys, changed: boolean): Promise<void>;
}

const KEY_TYPES = ['RSA', 'EC', 'OKP'];

const isPublic = (key: unknown): boolean =>
  key !== null &&
  typeof key === 'object' &&
  KEY_TYPES.includes((key as { kty: string }).kty) &&
  !Object.hasOwn(key, 'd');

const listOf = (keys: unknown): readonly unknown[] | undefined => {
  const list = keys !== null && typeof keys === 'object' ? (keys as { keys?: unknown }).keys : undefined;
  return Array.isArray(list) && list.length > 0 ? list : undefined;
};

/** Keys of the configuration. Throws `node.oidc` for any that is secret or private: its owner should know. */
export function configuredKeys(issuer: string, keys: unknown): JWTVerifyGetKey {
  if (listOf(keys)?.every(isPublic) !== true)
    throw badInputError(
      'node.oidc',
      `the keys of ${issuer} are not a JWKS of public keys (${KEY_TYPES.join(', ')})`,
      'Take them from the jwks_uri of the issuer.',
    );
  return createLocalJWKSet(keys as JSONWebKeySet);
}

/** Of what was fetched, the keys that can check a signature; undefined when there is none. */
function usableKeys(keys: unknown): JSONWebKeySet | undefined {
  const usable = listOf(keys)?.slice(0, FIXED_LIMITS.oidc_keys.value).filter(isPublic) ?? [];
  return usable.length === 0 ? undefined : ({ keys: usable } as JSONWebKeySet);
}

interface Known {
  readonly find: JWTVerifyGetKey;
  readonly text: string;
  readonly fetchedAt: number;
}

export interface IssuerKeysOptions {
  readonly source: KeySource;
  readonly clock: Clock;
  readonly limits: Limits;
}

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #known: Known | undefined;
  #read: Promise<void> | undefined;
  /** One at a time, whoever waits for it. */
  #fetching: Promise<void> | undefined;
  /** By the steady clock. */
  #triedAt = -Infinity;
  /** Why the last try gave none. */
  #fault: unknown;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** The key of a signature, as `jwtVerify` asks for it. Throws `oidc.keys` when the keys are not known, or too old. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const { clock, limits } = this.#options;
    await (this.#read ??= this.#readKept());
    const age = (): number => Math.abs(clock.now() - (this.#known?.fetchedAt ?? -Infinity));
    if (age() >= limits.oidc_refresh_ms) await this.#refresh();
    if (age() >= limits.oidc_age_ms) throw tooOld(this.#known, this.#fault);
    try {
      return await this.#findNow(header, token);
    } catch (error) {
      // A key that is not there may be a new one.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh();
      return await this.#findNow(header, token);
    }
  };

  #findNow(...asked: Parameters<JWTVerifyGetKey>): ReturnType<JWTVerifyGetKey> {
    if (this.#known === undefined) throw tooOld(undefined, this.#fault);
    return this.#known.find(...asked);
  }

  async #readKept(): Promise<void> {
    const kept = await this.#options.source.read();
    if (kept !== undefined) this.#known = knownOf(kept);
  }

  /** Not more often than the pause between two tries, whoever asks for how many keys. */
  async #refresh(): Promise<void> {
    const now = this.#options.clock.monotonic();
    if (this.#fetching === undefined) {
      if (now - this.#triedAt < this.#options.limits.oidc_pause_ms) return;
      this.#triedAt = now;
      this.#fetching = this.#fetch().finally(() => (this.#fetching = undefined));
    }
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { source, clock } = this.#options;
    let keys: unknown;
    try {
      keys = await source.ask();
    } catch (error) {
      // What is known goes on counting. A defect of ours must not pass for an issuer that is silent.
      const fault = asFractalError(error);
      if (fault.kind === 'internal') throw fault;
      this.#fault = fault;
      return;
    }
    const known = knownOf({ keys, fetched_at: clock.now() });
    this.#fault =
      known === undefined
        ? unavailableError(
            'oidc.keys',
            'the issuer answers with no key that can check a signature',
            'Check the jwks address.',
          )
        : undefined;
    if (known === undefined) return;
    // They count once they are kept, and a change once it is in the audit log.
    await source.write({ keys, fetched_at: known.fetchedAt }, known.text !== this.#known?.text);
    this.#known = known;
  }
}

function knownOf({ keys, fetched_at }: FetchedKeys): Known | undefined {
  const usable = usableKeys(keys);
  return usable === undefined
    ? undefined
    : { find: createLocalJWKSet(usable), text: JSON.stringify(usable), fetchedAt: fetched_at };
}

function tooOld(known: Known | undefined, cause: unknown): Error {
  const what =
    known === undefined
      ? 'were never fetched'
      : `could not be fetched since ${new Date(known.fetchedAt).toISOString()}`;
  return unavailableError(
    'oidc.keys',
    `the keys that the token was signed with ${what}`,
    'Check that the node reaches the jwks address of the issuer, or come in with a token of this node.',
    { cause },
  );
}
