import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { frameHead, readFrames, timeoutMs } from '../../src/flight/index.ts';

const framed = (messages: readonly Uint8Array[]): Buffer =>
  Buffer.concat(messages.flatMap((message) => [frameHead(message.length), message]));

async function read(chunks: readonly Uint8Array[], maxBytes = 1000): Promise<Buffer[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const found: Buffer[] = [];
  for await (const message of readFrames(source(), maxBytes)) found.push(Buffer.from(message));
  return found;
}

describe('gRPC frames', () => {
  it('are the same however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 })),
        fc.array(fc.integer({ min: 0, max: 300 })),
        async (messages, cuts) => {
          const bytes = framed(messages);
          const places = [0, ...cuts.filter((cut) => cut <= bytes.length), bytes.length].sort(
            (a, b) => a - b,
          );
          const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
          assert.deepEqual(
            await read(chunks),
            messages.map((message) => Buffer.from(message)),
          );
        },
      ),
    );
  });

  it('are refused before their bytes are there', async () => {
    const huge = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    await assert.rejects(read([huge]), { code: 'flight.message_size' });
    await assert.rejects(read([framed([Buffer.alloc(1001)])]), { code: 'flight.message_size' });
    assert.equal((await read([framed([Buffer.alloc(1000)])])).length, 1);
  });

  it('are refused when compressed, malformed or cut', async () => {
    await assert.rejects(read([Buffer.from([1, 0, 0, 0, 1, 7])]), { code: 'flight.compression' });
    await assert.rejects(read([Buffer.from('GET / HTTP/1.1')]), { code: 'flight.malformed' });
    const whole = framed([Buffer.from('abc')]);
    for (let end = 1; end < whole.length; end++)
      await assert.rejects(read([whole.subarray(0, end)]), { code: 'flight.cut' });
  });

  it('have deadlines in six units', () => {
    assert.equal(timeoutMs(undefined), undefined);
    assert.deepEqual(
      ['2H', '3M', '4S', '5m', '6000u', '7000000n'].map(timeoutMs),
      [7_200_000, 180_000, 4000, 5, 6, 7],
    );
    assert.equal(timeoutMs('99999999H'), 2 ** 31 - 1);
    for (const bad of ['', '1', 'S', '-1S', '1.5S', '123456789S'])
      assert.throws(() => timeoutMs(bad), { code: 'flight.malformed' });
  });
});
