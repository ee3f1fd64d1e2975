/** A Flight client: what sync and tests ask another node. */
import { invariant, type Limits } from '../base/index.ts';
import type { ArrowMessage } from '../store/index.ts';
import { dataFrame, ipcOf } from './data.ts';
import { frameHead } from './frames.ts';
import { GrpcClient, type CallOptions, type ClientTls } from './grpc-client.ts';
import {
  Action,
  ActionType,
  Criteria,
  DESCRIPTOR,
  Empty,
  FLIGHT_SERVICE,
  FlightData,
  FlightDescriptor,
  FlightInfo,
  HandshakeRequest,
  PutResult,
  Result,
  SchemaResult,
  Ticket,
} from './messages.ts';
import type { Message, Fields, Decoded } from './protobuf.ts';

export interface FlightClientOptions {
  readonly limits: Limits;
  readonly tls?: ClientTls;
}

export class FlightClient {
  readonly #grpc: GrpcClient;

  private constructor(grpc: GrpcClient) {
    this.#grpc = grpc;
  }

  /** `url` is `grpc://HOST:PORT`, or `grpc+tls://HOST:PORT` for TLS. */
  static async connect(url: string, options: FlightClientOptions): Promise<FlightClient> {
    const origin = url.replace(/^grpc\+tls:/, 'https:').replace(/^grpc:/, 'http:');
    return new FlightClient(await GrpcClient.connect(origin, options.limits, options.tls));
  }

  /** Changes name and password into a token, which later calls carry. */
  async handshake(user: string, password: string, options: CallOptions = {}): Promise<void> {
    const { headers } = this.#grpc;
    headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    let token: string | undefined;
    const onHeaders: CallOptions['onHeaders'] = (answer) => {
      token = answer['authorization'];
    };
    try {
      await drain(this.#call('Handshake', [frame(HandshakeRequest.encode({}))], { ...options, onHeaders }));
    } finally {
      delete headers['authorization'];
    }
    if (token !== undefined) this.useToken(token);
  }

  /** A whole `authorization` header: `Bearer …`. */
  useToken(header: string): void {
    this.#grpc.headers['authorization'] = header;
  }

  /** A header of every later call: `fractal-purpose`. */
  useHeader(name: string, value: string): void {
    this.#grpc.headers[name] = value;
  }

  async getFlightInfo(descriptor: FlightDescriptor, options?: CallOptions): Promise<FlightInfo> {
    return await this.#unary('GetFlightInfo', FlightDescriptor.encode(descriptor), FlightInfo, options);
  }

  /** Bytes of an IPC schema message. */
  async getSchema(descriptor: FlightDescriptor, options?: CallOptions): Promise<Uint8Array> {
    return (await this.#unary('GetSchema', FlightDescriptor.encode(descriptor), SchemaResult, options))
      .schema;
  }

  /** The data of a ticket. Read slowly, it is sent slowly; left early, it is cancelled. */
  async *doGet(ticket: Uint8Array, options?: CallOptions): AsyncGenerator<FlightData, void, undefined> {
    for await (const bytes of this.#call('DoGet', [frame(Ticket.encode({ ticket }))], options))
      yield FlightData.decode(bytes);
  }

  /** The same as an Arrow IPC stream. */
  doGetIpc(ticket: Uint8Array, options?: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    return ipcOf(this.doGet(ticket, options));
  }

  /** Sends Arrow messages, the schema first, or the descriptor alone; gives what the server says about them. */
  async *doPut(
    descriptor: FlightDescriptor,
    messages: AsyncIterable<ArrowMessage>,
    options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    async function* frames(): AsyncGenerator<readonly Uint8Array[], void, undefined> {
      let first = true;
      for await (const message of messages) {
        yield dataFrame(message, first ? descriptor : undefined);
        first = false;
      }
      if (first) yield frame(FlightData.encode({ flightDescriptor: descriptor }));
    }
    for await (const bytes of this.#call('DoPut', frames(), options))
      yield PutResult.decode(bytes).appMetadata;
  }

  async *doAction(
    type: string,
    body: Uint8Array,
    options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of this.#call('DoAction', [frame(Action.encode({ type, body }))], options))
      yield Result.decode(bytes).body;
  }

  async listActions(options?: CallOptions): Promise<string[]> {
    const types: string[] = [];
    for await (const bytes of this.#call('ListActions', [frame(Empty.encode({}))], options))
      types.push(ActionType.decode(bytes).type);
    return types;
  }

  async listFlights(options?: CallOptions): Promise<FlightInfo[]> {
    const flights: FlightInfo[] = [];
    for await (const bytes of this.#call('ListFlights', [frame(Criteria.encode({}))], options))
      flights.push(FlightInfo.decode(bytes));
    return flights;
  }

  close(): void {
    this.#grpc.close();
  }

  async #unary<F extends Fields>(
    method: string,
    request: Uint8Array,
    answer: Message<F>,
    options?: CallOptions,
  ): Promise<Decoded<F>> {
    let value: Decoded<F> | undefined;
    for await (const bytes of this.#call(method, [frame(request)], options)) value = answer.decode(bytes);
    invariant(value, 'a unary call that ends well has an answer');
    return value;
  }

  #call(
    method: string,
    requests: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
    options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#grpc.call(`/${FLIGHT_SERVICE}/${method}`, requests, options);
  }
}

export function commandDescriptor(cmd: Uint8Array): FlightDescriptor {
  return { type: DESCRIPTOR.command, cmd, path: [] };
}

const frame = (message: Uint8Array): readonly Uint8Array[] => [frameHead(message.length), message];

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item;
}
