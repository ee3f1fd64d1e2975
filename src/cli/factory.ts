/** How the commands come by a node. `main.ts` fills it from the node layer; tests with a double. */
import type { Limits, Log } from '../base/index.ts';
import type {
  AuditVerdict,
  Caller,
  FlightDoor,
  LoginDoor,
  MappingCheck,
  MappingInfo,
  NodeApi,
} from '../node/index.ts';

/** Who acts when `--as` is not given. */
export const LOCAL_OPERATOR = 'local-operator';

export interface InitOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly role?: 'hub' | 'edge';
  readonly name?: string;
  readonly region?: string;
  readonly sites: readonly string[];
}

export interface OpenedNode {
  readonly node: NodeApi;
  readonly limits: Limits;
  /** For a node that serves: from now on its sources run when they are due. */
  readonly startSources: () => void;
  /** The same: its audit log goes to its hub, if one is set, with this token. */
  readonly startPush: (token: string | undefined) => void;
  /** The node as another caller sees it. */
  readonly admit?: (caller: Caller) => NodeApi;
  /** Opens login sessions. */
  readonly logins?: LoginDoor;
  /** Asked by those who serve. */
  readonly flight: () => Promise<FlightDoor>;
  /** Whether callers must say who they are, and the keys of the HTTP port. Absent: neither. */
  readonly http?: () => Promise<Pick<FlightDoor, 'users' | 'tls'>>;
}

export interface NodeFactory {
  open(options: {
    dataDir: string;
    log: Log;
    /** Whom to act as; when absent, whoever the token says. */
    principal?: string | undefined;
    token?: string | undefined;
    /** What the command is for. */
    purpose?: string | undefined;
    /** Whether the process stays: it goes on with unfinished imports and watches. */
    serving: boolean;
  }): Promise<OpenedNode>;
  init(options: InitOptions): Promise<{ readonly nodeId: string; readonly name: string }>;
  /** Mappings of record files, by name or by path; nothing is written. */
  readonly mappings: {
    list(dataDir: string): Promise<readonly MappingInfo[]>;
    show(dataDir: string, nameOrFile: string): Promise<object>;
    check(dataDir: string, file: string, nameOrFile: string | undefined): Promise<MappingCheck>;
  };
  /** Checks the audit log of a node that does not run, from its files. */
  verifyAudit(dataDir: string): Promise<AuditVerdict>;
  /** The socket of the node that runs on the directory; it may be left over from one that was killed. */
  findRunning(dataDir: string): Promise<{ readonly socketPath: string } | undefined>;
}
