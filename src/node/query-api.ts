/** Statements that run and that were slow, as `NodeApi` tells them. Texts hold no literals: `?` stands in their place. */

export interface ListedQuery {
  readonly id: number;
  readonly principal: string;
  /** What the caller said it is for; null when nothing. */
  readonly purpose: string | null;
  readonly sql: string;
  readonly state: 'waiting' | 'running';
  /** ISO 8601. */
  readonly started_at: string;
  readonly elapsed_ms: number;
  /** Read so far. */
  readonly rows: number;
}

export interface SlowQuery {
  readonly principal: string;
  readonly purpose: string | null;
  readonly sql: string;
  readonly started_at: string;
  /** Before there was a place for it. */
  readonly waited_ms: number;
  readonly duration_ms: number;
  readonly rows: number;
  /** Whether it was answered from the result cache. */
  readonly cached: boolean;
  /** Code of the error that ended it; `sql.unread` when nobody read the answer to its end; null when all is well. */
  readonly error_code: string | null;
}

/** Figures of SQL, for those who may administer. */
export interface QueryFigures {
  readonly running: number;
  readonly waiting: number;
  /** Since the node opened. */
  readonly ended: number;
  readonly failed: number;
  readonly slow: number;
  readonly cache: {
    readonly enabled: boolean;
    readonly answers: number;
    readonly bytes: number;
    readonly hits: number;
    readonly misses: number;
  };
}

export interface QueryApi {
  /** Oldest first: all for those who may administer, one's own for everybody else. */
  queries(): Promise<readonly ListedQuery[]>;
  /** Newest first. */
  slowQueries(): Promise<readonly SlowQuery[]>;
  /** Stops one: anyone's for those who may administer, one's own for everybody else. */
  cancelQuery(id: number): Promise<void>;
}
