/** What a handler gets besides the request. */
import type { Context } from 'hono';
import type { Limits, Log } from '../base/index.ts';
import type { Caller, LoginDoor, NodeApi, ShownCertificate } from '../node/index.ts';

/** What the listener says about the connection. */
export interface Door {
  /** `socket`: the local socket, which only the node's own user can open. `tcp`: a port, open to any local process or, with users and TLS, to others. */
  readonly transport: 'socket' | 'tcp';
  /** Where the caller is; absent on the local socket. */
  readonly address?: string;
  /** The TCP port listened on. */
  readonly port?: number;
  /** With TLS: whether a name is one of the certificate's. A request must be to one of them. */
  readonly isOurName?: (host: string) => boolean;
  /** The certificate that the caller showed, where it is a credential. */
  readonly shown?: ShownCertificate;
  /** Cuts the connection, so that a broken answer cannot be taken for a whole one. */
  readonly cut?: () => void;
}

export type App = { Bindings: Door };
export type RequestContext = Context<App>;

export interface AppOptions {
  /** Uploads are kept below it while they are read. */
  readonly dataDir: string;
  readonly version: string;
  readonly limits: Limits;
  readonly log: Log;
  /** As whom the node acts when it cannot tell callers apart; no other name is accepted then. */
  readonly principal: string;
  /** Fires, with a reason that `isStopping` knows, before the doors are closed: imports are left to the next start. */
  readonly stopping?: AbortSignal;
  /** The node as a caller sees it. Who they are is found at each call, so a change counts at once. */
  readonly admit?: (caller: Caller) => NodeApi;
  /** Opens login sessions; without it nobody can log in. */
  readonly logins?: LoginDoor;
}

export type Handler = (
  context: RequestContext,
  options: AppOptions,
  node: NodeApi,
) => Response | Promise<Response>;
