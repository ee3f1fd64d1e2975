/** Arrow messages as FlightData and back. A body is never copied on the way out. */
import { badInputError } from '../base/index.ts';
import { ipcBodyLength, ipcPrefix, joinSmall, schemaMessage, type ArrowMessage } from '../store/index.ts';
import type { Schema } from 'apache-arrow';
import { frameHead } from './frames.ts';
import { DATA_BODY_FIELD, FlightDataHead, type FlightData, type FlightDescriptor } from './messages.ts';
import { bytesFieldHead } from './protobuf.ts';

/** One framed FlightData in pieces, the body's buffers as they stand. */
export function dataFrame(message: ArrowMessage, descriptor?: FlightDescriptor): Uint8Array[] {
  const head = FlightDataHead.encode({ flightDescriptor: descriptor, dataHeader: message.header });
  const bodyHead = bytesFieldHead(DATA_BODY_FIELD, message.bodyLength);
  const length = head.length + bodyHead.length + message.bodyLength;
  return [...joinSmall([frameHead(length), head, bodyHead, ...message.body])];
}

/** A schema as Flight tells it beside the data: one message of an IPC stream. */
export function schemaBytes(schema: Schema): Uint8Array {
  const { header } = schemaMessage(schema);
  return Buffer.concat([ipcPrefix(header.length), header]);
}

/** FlightData as the Arrow IPC stream that it carries. Messages without a header carry metadata alone. */
export async function* ipcOf(
  messages: AsyncIterable<FlightData>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { dataHeader, dataBody } of messages) {
    if (dataHeader.length === 0) continue;
    if (ipcBodyLength(dataHeader) !== dataBody.length)
      throw badInputError(
        'arrow.malformed',
        'the body of an Arrow message has another length than its header says',
        'Write the data again with a correct Arrow writer.',
      );
    yield ipcPrefix(dataHeader.length);
    yield dataHeader;
    if (dataBody.length > 0) yield dataBody;
  }
  yield ipcPrefix(0);
}
