/** Login sessions, as `NodeApi` tells them and as a server opens them. */
import type { Credentials } from '../security/index.ts';
import type { Via } from './audited/recorder.ts';

export interface ListedSession {
  /** To end it by. */
  readonly id: string;
  readonly user: string;
  /** Where it was opened from; null on the node's own machine. */
  readonly address: string | null;
  /** ISO 8601. */
  readonly opened_at: string;
  readonly used_at: string;
  /** It ends then, however it is used; earlier when nobody uses it. */
  readonly expires_at: string;
  /** Whether the call that asks comes by it. */
  readonly current: boolean;
}

export type SessionRequest =
  | { readonly action: 'list' }
  | { readonly action: 'revoke'; readonly id: string }
  /** All of a user's; one's own when absent. */
  | { readonly action: 'revoke-all'; readonly user?: string };

export interface SessionAnswer {
  /** One's own, or everybody's for those who may administer; after the change. */
  readonly sessions: readonly ListedSession[];
  /** How many were ended. */
  readonly ended: number;
}

export interface SessionApi {
  sessions(request: SessionRequest): Promise<SessionAnswer>;
}

/** Where somebody comes from. */
export interface From {
  readonly via: Via;
  readonly address?: string | undefined;
  /** The secret of a session that the same caller has; it ends. */
  readonly session?: string | undefined;
}

/** Opens and ends login sessions. Not calls of a node: whoever asks is nobody yet, or nobody afterwards. */
export interface LoginDoor {
  /** Throws like every call with these credentials. The secret is told once. */
  login(
    shown: Exclude<Credentials, { readonly session: string }>,
    from: From,
  ): Promise<{ readonly secret: string; readonly session: ListedSession }>;
  /** Ends the session of a secret. Whether there was one is not told. */
  logout(secret: string, from: Pick<From, 'via'>): Promise<void>;
}
