/**
 * Tokens of OpenID Connect. An issuer is trusted for what its keys sign and for the users that the configuration names,
 * and for nothing else: no claim gives a right, roles and attributes are those of the user here.
 */
import { decodeJwt, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { FIXED_LIMITS, FractalError, type Clock } from '../../base/index.ts';

export interface OidcIssuer {
  /** As the claim `iss` says it. */
  readonly issuer: string;
  /** What the claim `aud` must hold. */
  readonly audience: string;
  /** Finds its public keys: `configuredKeys`, or `IssuerKeys`. */
  readonly keys: JWTVerifyGetKey;
  /** The claim that says who it is; `sub` when absent. */
  readonly claim?: string;
  /** User of this node, by value of the claim. Who is not here does not come in. */
  readonly users: Readonly<Record<string, string>>;
}

/** Signatures of public keys alone: with a shared secret, whoever can check a token could make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
/** Clocks of two machines differ. */
const SKEW_S = 60;

export class OidcTokens {
  readonly #clock: Clock;
  readonly #issuers: ReadonlyMap<string, OidcIssuer>;

  constructor(issuers: readonly OidcIssuer[], clock: Clock) {
    this.#clock = clock;
    this.#issuers = new Map(issuers.map((one) => [one.issuer, one]));
  }

  /**
   * The user that a token is for, and until when it holds (milliseconds since 1970); undefined for any that does not.
   * Throws `oidc.keys` when there are no keys to tell.
   */
  async userOf(token: string): Promise<{ readonly user: string; readonly expires: number } | undefined> {
    if (Buffer.byteLength(token) > FIXED_LIMITS.oidc_token_bytes.value) return undefined;
    try {
      // Not believed yet: it only says whose keys to check with.
      const settings = this.#issuers.get(decodeJwt(token).iss ?? '');
      if (settings === undefined) return undefined;
      const { payload } = await jwtVerify(token, settings.keys, {
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
    } catch (error) {
      // That there are no keys to check with is nothing about the token.
      if (error instanceof FractalError) throw error;
      // Why is nobody's business but the issuer's: every token that does not hold is answered alike.
      return undefined;
    }
  }
}
