/** What the service remembers between calls, all of it bounded, and what a single call stands on. */
import type { Clock, Limits, Log, Random } from '../../base/index.ts';
import type { BoundRow, FlightBackend, FlightTransaction, GrpcCall } from '../../flight/index.ts';
import type { ArrowMessages } from '../../store/index.ts';
import type { FlightGate } from '../../node/index.ts';
import { principalOf, type Grant } from './authentication.ts';
import { Handles } from './handles.ts';
import { Sessions, type Session } from './sessions.ts';

/** What a ticket stands for. */
export interface Answer {
  open(signal: AbortSignal): Promise<ArrowMessages>;
  /** Ends the reading, whoever reads. */
  readonly cancel: AbortController;
}

export interface Prepared {
  readonly sql: string;
  readonly transactionId: Uint8Array | undefined;
  /** Bound last; a call that is already running keeps what it began with. */
  parameters: readonly BoundRow[];
}

export interface ServiceOptions {
  readonly backend: FlightBackend;
  readonly gate: FlightGate;
  /** Users by names of certificates. */
  readonly clientUsers?: Readonly<Record<string, string>> | undefined;
  readonly limits: Limits;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
}

/** One call, authenticated. */
export interface Caller {
  readonly call: GrpcCall;
  readonly principal: string;
  readonly session: Session;
}

export class ServiceState {
  readonly options: ServiceOptions;
  readonly tickets: Handles<Answer>;
  readonly statements: Handles<Prepared>;
  readonly transactions: Handles<FlightTransaction>;
  readonly tokens: Handles<Grant>;
  readonly sessions: Sessions;

  constructor(options: ServiceOptions) {
    this.options = options;
    const { clock, random, limits, backend } = options;
    const common = { clock, random, key: random.bytes(32), nodeId: backend.nodeId };
    this.tickets = new Handles({
      ...common,
      kind: 'ticket',
      max: limits.flight_tickets,
      oldestGivesWay: true,
      lifeMs: limits.flight_ticket_ms,
      renew: false,
    });
    this.statements = new Handles({
      ...common,
      kind: 'prepared statement',
      max: limits.flight_statements,
      lifeMs: limits.flight_statement_ms,
      renew: true,
    });
    this.transactions = new Handles({
      ...common,
      kind: 'transaction',
      max: limits.flight_transactions,
      maxOfAll: limits.flight_transactions_all,
      lifeMs: limits.flight_transaction_ms,
      renew: true,
      onDrop: (transaction) => void transaction.rollback().catch(() => undefined),
    });
    this.tokens = new Handles({
      ...common,
      kind: 'token',
      max: limits.flight_tokens,
      oldestGivesWay: true,
      lifeMs: limits.flight_token_ms,
      renew: false,
    });
    this.sessions = new Sessions({
      clock,
      random,
      lifeMs: limits.flight_statement_ms,
      onEnd: (session) => {
        this.statements.endOf(session);
        this.transactions.endOf(session);
      },
    });
  }

  async caller(call: GrpcCall): Promise<Caller> {
    const principal = await principalOf(call, this.options, this.tokens);
    return { call, principal, session: this.sessions.of(call, principal) };
  }

  /** Undefined without an id. */
  transaction(caller: Caller, id: Uint8Array | undefined): FlightTransaction | undefined {
    return id === undefined || id.length === 0 ? undefined : this.transactions.find(caller.principal, id);
  }

  sweep(): void {
    for (const handles of [this.tickets, this.statements, this.transactions, this.tokens]) handles.sweep();
    this.sessions.sweep();
  }

  end(): void {
    this.transactions.endAll();
  }
}
