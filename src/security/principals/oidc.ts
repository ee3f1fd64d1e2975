/**
 * Tokens of OpenID Connect. An issuer is trusted for what its keys sign and for the users that the configuration names,
 * and for nothing else: no claim gives a right, roles and attributes are those of the user here.
 */
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { FIXED_LIMITS, badInputError, type Clock } from '../../base/index.ts';

export interface OidcIssuer {
  /** As the claim `iss` says it. */
  readonly issuer: string;
  /** What the claim `aud` must hold. */
  readonly audience: string;
  /** Public keys of the issuer, as JWKS. */
  readonly keys: unknown;
  /** The claim that says who it is; `sub` when absent. */
  readonly claim?: string;
  /** User of this node, by value of the claim. Who is not here does not come in. */
  readonly users: Readonly<Record<string, string>>;
}

/** Signatures of public keys alone: with a shared secret, whoever can check a token could make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const KEY_TYPES = ['RSA', 'EC', 'OKP'];
/** Clocks of two machines differ. */
const SKEW_S = 60;

export class OidcTokens {
  readonly #clock: Clock;
  readonly #issuers: ReadonlyMap<string, { readonly settings: OidcIssuer; readonly keys: JWTVerifyGetKey }>;

  constructor(issuers: readonly OidcIssuer[], clock: Clock) {
    this.#clock = clock;
    this.#issuers = new Map(
      issuers.map((settings) => [
        settings.issuer,
        { settings, keys: createLocalJWKSet(publicKeys(settings)) },
      ]),
    );
  }

  /** The user that a token is for, and until when it holds (milliseconds since 1970); undefined for any that does not. */
  async userOf(token: string): Promise<{ readonly user: string; readonly expires: number } | undefined> {
    if (Buffer.byteLength(token) > FIXED_LIMITS.oidc_token_bytes.value) return undefined;
    try {
      // Not believed yet: it only says whose keys to check with.
      const known = this.#issuers.get(decodeJwt(token).iss ?? '');
      if (known === undefined) return undefined;
      const { settings, keys } = known;
      const { payload } = await jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: SKEW_S,
        currentDate: new Date(this.#clock.now()),
      });
      const value = payload[settings.claim ?? 'sub'];
      if (typeof value !== 'string' || !Object.hasOwn(settings.users, value)) return undefined;
      const user = settings.users[value];
      return user === undefined ? undefined : { user, expires: ((payload.exp ?? 0) + SKEW_S) * 1000 };
    } catch {
      // Why is nobody's business but the issuer's: every token that does not hold is answered alike.
      return undefined;
    }
  }
}

function publicKeys({ issuer, keys }: OidcIssuer): JSONWebKeySet {
  const list = keys !== null && typeof keys === 'object' ? (keys as { keys?: unknown }).keys : undefined;
  const isPublic = (key: unknown): boolean =>
    key !== null &&
    typeof key === 'object' &&
    KEY_TYPES.includes((key as { kty: string }).kty) &&
    !Object.hasOwn(key, 'd');
  if (!Array.isArray(list) || list.length === 0 || !list.every(isPublic))
    throw badInputError(
      'node.oidc',
      `the keys of ${issuer} are not a JWKS of public keys (${KEY_TYPES.join(', ')})`,
      'Take them from the jwks_uri of the issuer.',
    );
  return keys as JSONWebKeySet;
}
