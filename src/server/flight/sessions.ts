/**
 * Sessions: what belongs together and ends together. A session is a connection; once it has options it also has a
 * cookie, by which a caller that connects anew finds it again.
 */
import type { Clock, Random } from '../../base/index.ts';
import type { GrpcCall, ValueOf, flight } from '../../flight/index.ts';

export type OptionValue = ValueOf<typeof flight.SessionOptionValue>;

export interface Session {
  readonly principal: string;
  readonly options: Map<string, OptionValue>;
  cookie: string | undefined;
  usedAt: number;
}

const COOKIE = 'arrow_flight_session_id';

export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lifeMs: number;
  readonly #onEnd: (session: Session) => void;
  readonly #byConnection = new Map<object, Map<string, Session>>();
  readonly #byCookie = new Map<string, Session>();

  constructor(options: { clock: Clock; random: Random; lifeMs: number; onEnd: (session: Session) => void }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#lifeMs = options.lifeMs;
    this.#onEnd = options.onEnd;
  }

  of(call: GrpcCall, principal: string): Session {
    const cookie = cookieOf(call);
    const known = cookie === undefined ? undefined : this.#byCookie.get(cookie);
    const session = known?.principal === principal ? known : this.#ofConnection(call.connection, principal);
    session.usedAt = this.#clock.monotonic();
    return session;
  }

  /** Gives it a cookie, as the header to send, when it has none. */
  cookieHeader(session: Session): string | undefined {
    if (session.cookie !== undefined) return undefined;
    session.cookie = Buffer.from(this.#random.bytes(16)).toString('base64url');
    this.#byCookie.set(session.cookie, session);
    return `${COOKIE}=${session.cookie}; HttpOnly; SameSite=Strict`;
  }

  end(session: Session): void {
    if (session.cookie !== undefined) this.#byCookie.delete(session.cookie);
    for (const sessions of this.#byConnection.values())
      if (sessions.get(session.principal) === session) sessions.delete(session.principal);
    this.#onEnd(session);
  }

  disconnected(connection: object): void {
    const sessions = this.#byConnection.get(connection);
    this.#byConnection.delete(connection);
    for (const session of sessions?.values() ?? []) if (session.cookie === undefined) this.#onEnd(session);
  }

  /** Sessions with a cookie outlive their connection, but not for ever. */
  sweep(): void {
    const before = this.#clock.monotonic() - this.#lifeMs;
    for (const session of this.#byCookie.values()) if (session.usedAt < before) this.end(session);
  }

  #ofConnection(connection: object, principal: string): Session {
    let sessions = this.#byConnection.get(connection);
    if (sessions === undefined) this.#byConnection.set(connection, (sessions = new Map<string, Session>()));
    let session = sessions.get(principal);
    if (session === undefined)
      sessions.set(principal, (session = { principal, options: new Map(), cookie: undefined, usedAt: 0 }));
    return session;
  }
}

function cookieOf(call: GrpcCall): string | undefined {
  for (const part of (call.metadata.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}
