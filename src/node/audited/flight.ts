/** The Flight door in the log: every call of the backend, and whoever is kept out at the gate. */
import type { FlightBackend, IngestTarget, StatementRun } from '../../flight/index.ts';
import { droppable, type Principal } from '../../query/index.ts';
import type { ArrowMessages } from '../../store/index.ts';
import type { FlightGate } from '../flight/door.ts';
import { begunOrClosed, type Act, type ActKind, type Detail, type Recorder } from './recorder.ts';

/** What becomes of each part of the backend; the compiler asks for every one. */
export const FLIGHT_DOORS: Readonly<Record<keyof FlightBackend, 'audited' | { readonly unaudited: string }>> =
  {
    nodeId: { unaudited: 'no call' },
    version: { unaudited: 'no call' },
    catalog: { unaudited: 'no call' },
    describe: 'audited',
    query: 'audited',
    update: 'audited',
    parameters: { unaudited: 'reads values that the caller sent; the statement that uses them is logged' },
    ingest: 'audited',
    begin: 'audited',
    tables: { unaudited: 'names of tables that a driver asks for before every statement; no row is read' },
  };

type Named = (id: string) => Promise<Principal>;

export class AuditedFlight implements FlightBackend {
  readonly nodeId: string;
  readonly version: string;
  readonly catalog: string;
  readonly #inner: FlightBackend;
  readonly #recorder: Recorder;
  readonly #named: Named;

  constructor(inner: FlightBackend, recorder: Recorder, named: Named) {
    this.nodeId = inner.nodeId;
    this.version = inner.version;
    this.catalog = inner.catalog;
    this.#inner = inner;
    this.#recorder = recorder;
    this.#named = named;
  }

  async #begin(principal: string, kind: ActKind, detail: Detail): Promise<Act> {
    return this.#recorder.begin({ principal: await this.#named(principal) }, kind, 'flight', detail);
  }

  async describe(principal: string, sql: string): ReturnType<FlightBackend['describe']> {
    const kind = { category: 'access', action: 'describe', resource: 'sql' } as const;
    const act = await this.#begin(principal, kind, this.#recorder.statement(sql));
    return await this.#reads(act, () => this.#inner.describe(principal, sql));
  }

  async #reads<T>(act: Act, work: () => Promise<T>): Promise<T> {
    let answer: T;
    try {
      answer = await work();
    } catch (error) {
      throw await act.failed(error, {});
    }
    await act.begun;
    act.doneLater({});
    return answer;
  }

  async #changes<T>(act: Act, work: () => Promise<T>, told: (answer: T) => Detail): Promise<T> {
    await act.begun;
    let answer: T;
    try {
      answer = await work();
    } catch (error) {
      throw await act.failed(error, {});
    }
    await act.done(told(answer));
    return answer;
  }

  async query(principal: string, run: StatementRun): Promise<ArrowMessages> {
    const kind = { category: 'access', action: 'sql', resource: 'sql' } as const;
    const act = await this.#begin(principal, kind, {
      ...this.#recorder.statement(run.sql),
      parameter_rows: run.parameters.length,
    });
    try {
      const answer = await this.#inner.query(principal, run);
      const { schema, messages } = answer;
      await begunOrClosed(act, messages);
      return {
        schema,
        messages: droppable(counted(messages, act), () => {
          void messages.return(undefined);
          act.doneLater({ rows: 0, whole: false });
        }),
      };
    } catch (error) {
      throw await act.failed(error, {});
    }
  }

  async update(principal: string, run: StatementRun): Promise<bigint> {
    const kind = { category: 'modification', action: 'update', resource: 'sql' } as const;
    const act = await this.#begin(principal, kind, this.#recorder.statement(run.sql));
    return await this.#changes(
      act,
      () => this.#inner.update(principal, run),
      (rows) => ({ rows: Number(rows) }),
    );
  }

  parameters(...args: Parameters<FlightBackend['parameters']>): ReturnType<FlightBackend['parameters']> {
    return this.#inner.parameters(...args);
  }

  async ingest(
    principal: string,
    target: IngestTarget,
    ipc: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<number> {
    const resource = `${target.schema}.${target.table}`;
    const kind = { category: 'modification', action: 'ingest', resource: known(resource) } as const;
    const act = await this.#begin(principal, kind, { transaction: target.transaction !== undefined });
    return await this.#changes(
      act,
      () => this.#inner.ingest(principal, target, ipc, signal),
      (rows) => ({ rows }),
    );
  }

  async begin(principal: string): ReturnType<FlightBackend['begin']> {
    const kind = { category: 'access', action: 'begin', resource: 'transaction' } as const;
    const act = await this.#begin(principal, kind, {});
    return await this.#reads(act, () => this.#inner.begin(principal));
  }

  tables(principal: string): ReturnType<FlightBackend['tables']> {
    return this.#inner.tables(principal);
  }
}

/** A name that the caller made up may be anything. */
const known = (name: string): string =>
  /^(?:law|esh|node|audit)\.[a-z_]{1,64}$/.test(name) ? name : 'unknown';

async function* counted(messages: ArrowMessages['messages'], act: Act): ArrowMessages['messages'] {
  let rows = 0;
  let isEnded = false;
  try {
    for await (const message of messages) {
      if (message.kind === 'batch') rows += message.rows;
      yield message;
    }
    isEnded = true;
    act.doneLater({ rows, whole: true });
  } catch (error) {
    isEnded = true;
    throw await act.failed(error, { rows });
  } finally {
    if (!isEnded) act.doneLater({ rows, whole: false });
  }
}

export function auditedGate(recorder: Recorder, gate: FlightGate, named: Named): FlightGate {
  return {
    async admit(caller) {
      let identity;
      try {
        identity = await gate.admit(caller);
      } catch (error) {
        const { credentials, as } = caller;
        const claimed = as ?? (credentials !== undefined && 'id' in credentials ? credentials.id : undefined);
        await recorder.keptOut(error, claimed, 'flight');
        throw error;
      }
      const { principal, ...rest } = identity;
      await recorder.cameIn({ principal: await named(principal), ...rest }, 'flight');
      return identity;
    },
    async readmit(credential, as, purpose) {
      try {
        return await gate.readmit(credential, as, purpose);
      } catch (error) {
        await recorder.keptOut(error, as, 'flight');
        throw error;
      }
    },
  };
}
