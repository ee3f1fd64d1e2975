/**
 * A byte stream that can end in an error. HTTP has no way to say "this went wrong" after the status line except cutting
 * the connection; between a command and its node the reason matters, so they talk in frames: one byte kind, four bytes
 * length (big-endian), content. Kind 0 is data, kind 1 a problem as JSON, always last.
 */
import { FractalError, unavailableError, type Problem } from '../base/index.ts';

const HEADER_BYTES = 5;
const DATA = 0;
const PROBLEM = 1;
/** Larger frames mean that the two sides do not speak the same language. */
const FRAME_BYTES_MAX = 1024 * 1024 * 1024;

function frame(kind: number, content: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(HEADER_BYTES + content.byteLength);
  out.writeUInt8(kind, 0);
  out.writeUInt32BE(content.byteLength, 1);
  out.set(content, HEADER_BYTES);
  return out;
}

export const dataFrame = (content: Uint8Array): Uint8Array => frame(DATA, content);
export const problemFrame = (problem: Problem): Uint8Array =>
  frame(PROBLEM, Buffer.from(JSON.stringify(problem)));

/** The data of the frames; throws the problem when one comes. */
export async function* readFrames(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of source) {
    held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    heldBytes += chunk.byteLength;
    if (heldBytes < wanted) continue;
    let all = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
    for (;;) {
      wanted = HEADER_BYTES;
      if (all.length < HEADER_BYTES) break;
      const length = all.readUInt32BE(1);
      if (length > FRAME_BYTES_MAX) throw broken();
      wanted = HEADER_BYTES + length;
      if (all.length < wanted) break;
      const content = all.subarray(HEADER_BYTES, wanted);
      const kind = all.readUInt8(0);
      all = all.subarray(wanted);
      if (kind === PROBLEM) throw FractalError.fromProblem(JSON.parse(content.toString()) as Problem);
      if (kind !== DATA) throw broken();
      yield content;
    }
    held = [all];
    heldBytes = all.length;
  }
  if (heldBytes > 0) throw broken();
}

const broken = (): Error =>
  unavailableError(
    'remote.protocol',
    'the running node answered in a form that this program does not know',
    'Run the same version of Fractal on both sides: restart the node with `fractal start`.',
  );
