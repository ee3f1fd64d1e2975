/**
 * Login sessions: who showed a credential once and then comes with a cookie. They live in memory and end with the process.
 * Of the cookie only a hash is kept. A session is good as long as the credential that it was opened with.
 */
import { newId, sha256, unavailableError, type Clock, type Limits, type Random } from '../../base/index.ts';

export interface LoginSession {
  /** Names it where it is listed and ended; it lets nobody in. */
  readonly id: string;
  readonly principal: string;
  /** What was shown for it. */
  readonly credential: string;
  /** Where it was opened from; undefined on the node's own machine. */
  readonly address: string | undefined;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  readonly usedAt: number;
  readonly endsAt: number;
}

interface Held extends LoginSession {
  usedAt: number;
  readonly opened: Moment;
  used: Moment;
}

/** By both clocks: one jumps, the other stands still while a machine sleeps. */
interface Moment {
  readonly wall: number;
  readonly steady: number;
}

export interface LoginSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
}

const SECRET_BYTES = 32;

export class LoginSessions {
  readonly #options: LoginSessionOptions;
  /** By the hash of the secret, oldest first. */
  readonly #held = new Map<string, Held>();

  constructor(options: LoginSessionOptions) {
    this.#options = options;
  }

  /** The secret is told here and nowhere else. When a principal has too many, the one longest unused ends. */
  open(
    principal: string,
    credential: string,
    address: string | undefined,
  ): { readonly secret: string; readonly session: LoginSession } {
    const { clock, random, limits } = this.#options;
    this.#sweep();
    this.#makeRoom(principal);
    const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
    const now = this.#now();
    const session: Held = {
      id: newId(clock, random),
      principal,
      credential,
      address,
      openedAt: now.wall,
      usedAt: now.wall,
      endsAt: now.wall + limits.login_life_ms,
      opened: now,
      used: now,
    };
    this.#held.set(sha256(secret), session);
    return { secret, session };
  }

  /** The session of a secret, used now; undefined when there is none, or none any more. */
  use(secret: string): LoginSession | undefined {
    const session = this.#held.get(sha256(secret));
    if (session === undefined) return undefined;
    const now = this.#now();
    if (this.#hasEnded(session, now)) return void this.#held.delete(sha256(secret));
    session.used = now;
    session.usedAt = now.wall;
    return session;
  }

  /** Ends the session of a secret, and gives it back. */
  end(secret: string): LoginSession | undefined {
    const session = this.#held.get(sha256(secret));
    this.#held.delete(sha256(secret));
    return session;
  }

  /** Ends those that fit; how many there were. */
  endWhere(fits: (session: LoginSession) => boolean): number {
    const ending = [...this.#held].filter(([, session]) => fits(session));
    for (const [hash] of ending) this.#held.delete(hash);
    return ending.length;
  }

  list(): readonly LoginSession[] {
    this.#sweep();
    return [...this.#held.values()];
  }

  #now(): Moment {
    const { clock } = this.#options;
    return { wall: clock.now(), steady: clock.monotonic() };
  }

  #hasEnded({ opened, used }: Held, now: Moment): boolean {
    const { login_life_ms: life, login_idle_ms: idle } = this.#options.limits;
    const since = (then: Moment): number => Math.max(now.wall - then.wall, now.steady - then.steady);
    return since(opened) >= life || since(used) >= idle;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [hash, session] of this.#held) if (this.#hasEnded(session, now)) this.#held.delete(hash);
  }

  #makeRoom(principal: string): void {
    const { login_sessions: most, login_sessions_all: all } = this.#options.limits;
    const own = [...this.#held]
      .filter(([, session]) => session.principal === principal)
      .sort(([, a], [, b]) => a.used.steady - b.used.steady);
    const [oldest] = own;
    if (oldest !== undefined && own.length >= most) this.#held.delete(oldest[0]);
    else if (this.#held.size >= all)
      throw unavailableError(
        'auth.sessions',
        'there are too many sessions on this node',
        'Come in with a token, or raise login_sessions_all in fractal.json.',
      );
  }
}
