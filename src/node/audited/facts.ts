/** What a call learns about itself on its way, for the audit log. One for each call. */
import type { AuditValue } from '../../schema/index.ts';
import type { AuthorizedQuery, Principal } from '../../query/index.ts';

export interface Identity {
  readonly principal: Principal;
  /** Id of the credential that was shown; none in single-user mode. */
  readonly credential?: string;
}

export class CallFacts {
  /** Found once for each call, however often it is asked for. */
  identity: Promise<Identity> | undefined;
  #query: AuthorizedQuery | undefined;
  readonly #made: Record<string, AuditValue> = {};

  /** The statement that runs for this call. */
  reads(query: AuthorizedQuery): void {
    this.#query = query;
  }

  /** From what an answer is made: versions, models, policies; or a hash of it. */
  made(from: Readonly<Record<string, AuditValue>>): void {
    Object.assign(this.#made, from);
  }

  get detail(): Record<string, AuditValue> {
    return { ...this.#made, ...(this.#query === undefined ? {} : readBy(this.#query)) };
  }
}

/** Tables, columns and rows of a statement. */
export function readBy(query: AuthorizedQuery): Record<string, AuditValue> {
  return {
    rows: query.tally.rows,
    tables: query.reads.map((table) => ({
      name: `${table.schema}.${table.name}`,
      // The statement may name fewer: these are the ones it could see.
      columns: table.columns.filter((column) => column.shown === 'plain').map((column) => column.name),
      masked: table.columns.filter((column) => column.shown !== 'plain').map((column) => column.name),
      rules: [...table.rules],
    })),
  };
}
