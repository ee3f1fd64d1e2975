/** What the Flight SQL service needs of a node. Declared where it is called; `node` implements. */
import type { Schema } from 'apache-arrow';
import type { ArrowMessages, TypedValue } from '../store/index.ts';

/** Values for `$1`, `$2`, …, each with its SQL type. */
export type BoundRow = readonly TypedValue[];

export interface Described {
  /** Undefined when it depends on parameters that are not bound yet. */
  readonly columns: Schema | undefined;
  readonly parameters: Schema;
  /** Whether the statement writes. */
  readonly isUpdate: boolean;
}

export interface StatementRun {
  readonly sql: string;
  /** The statement runs once for each row; with no parameters, once. */
  readonly parameters: readonly BoundRow[];
  readonly transaction: FlightTransaction | undefined;
  readonly signal: AbortSignal;
}

/** Reads see the state of its beginning; what is written in it becomes visible, all or nothing, at its commit. */
export interface FlightTransaction {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** One column of a foreign key. */
export interface KeyColumn {
  readonly from: string;
  readonly to: string;
}

export interface ForeignKey {
  readonly name: string;
  /** `schema` and `table` that it points to. */
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly KeyColumn[];
}

/** As tools know them: a view is worked out of other tables, a system table is the server's own bookkeeping. */
export const TABLE_TYPES = ['SYSTEM TABLE', 'TABLE', 'VIEW'] as const;
export type TableType = (typeof TABLE_TYPES)[number];

export interface TableInfo {
  readonly schema: string;
  readonly name: string;
  readonly type: TableType;
  readonly columns: Schema;
  readonly key: readonly string[];
  readonly foreignKeys: readonly ForeignKey[];
}

export interface IngestTarget {
  readonly schema: string;
  readonly table: string;
  readonly transaction: FlightTransaction | undefined;
}

/** `principal` is the name of who asks; what they may do is found anew for each call, so that a change counts at once. */
export interface FlightBackend {
  readonly nodeId: string;
  readonly version: string;
  /** Name of the one catalogue. */
  readonly catalog: string;
  /** Refuses what the principal may not do. */
  describe(principal: string, sql: string): Promise<Described>;
  query(principal: string, run: StatementRun): Promise<ArrowMessages>;
  /**
   * Runs a statement that writes once for each row of parameters, all or nothing. Gives the number of rows changed; in a
   * transaction, those that the statement finds in the state it reads.
   */
  update(principal: string, run: StatementRun): Promise<bigint>;
  /** Reads an Arrow stream of parameters, at most `flight_parameter_rows`. */
  parameters(ipc: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly BoundRow[]>;
  /** Appends an Arrow stream to a table by the rules of its class; gives the number of rows. Throws `table.unknown`. */
  ingest(
    principal: string,
    target: IngestTarget,
    ipc: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<number>;
  begin(principal: string): Promise<FlightTransaction>;
  /** Tables that the principal may see. */
  tables(principal: string): Promise<readonly TableInfo[]>;
}
