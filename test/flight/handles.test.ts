import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock, SeededRandom } from '../../src/base/index.ts';
import { Handles, type HandleOptions } from '../../src/server/flight/handles.ts';
import { like } from '../../src/server/flight/like.ts';

const clock = new ManualClock(1000);
const options = (more: Partial<HandleOptions<string>> = {}): HandleOptions<string> => ({
  kind: 'ticket',
  clock,
  random: new SeededRandom(1),
  key: Buffer.alloc(32, 7),
  nodeId: 'n-1',
  max: 3,
  lifeMs: 100,
  renew: false,
  ...more,
});
const unknown = { code: 'flight.handle' };

describe('handles', () => {
  it('are found by their owner alone', () => {
    const handles = new Handles(options());
    const handle = handles.issue('anna', 'x');
    assert.equal(handles.find('anna', handle), 'x');
    assert.throws(() => handles.find('berta', handle), unknown);
    // Issued by a node with another key, for another use, on another node.
    for (const other of [{ key: Buffer.alloc(32, 8) }, { kind: 'statement' }, { nodeId: 'n-2' }])
      assert.throws(() => new Handles(options(other)).find('anna', handle), unknown);
  });

  it('cannot be forged: no other bytes are one', () => {
    const handles = new Handles(options());
    const handle = handles.issue('anna', 'x');
    for (let bit = 0; bit < handle.length * 8; bit++) {
      const forged = Buffer.from(handle);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => handles.find('anna', forged), unknown);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) =>
        assert.throws(() => handles.find('anna', bytes), unknown),
      ),
    );
  });

  it('expire; with use only where use renews them', () => {
    for (const renew of [false, true]) {
      const dropped: string[] = [];
      const handles = new Handles(options({ renew, onDrop: (value) => dropped.push(value) }));
      const handle = handles.issue('anna', 'x');
      clock.advance(60);
      handles.find('anna', handle);
      clock.advance(60);
      if (renew) assert.equal(handles.find('anna', handle), 'x');
      else assert.throws(() => handles.find('anna', handle), unknown);
      clock.advance(200);
      handles.sweep();
      assert.deepEqual(dropped, ['x']);
      assert.equal(handles.size, 0);
    }
  });

  it('are bounded for each principal: refused, or the oldest gives way', () => {
    const strict = new Handles(options());
    for (const value of ['a', 'b', 'c']) strict.issue('anna', value);
    assert.throws(() => strict.issue('anna', 'd'), { code: 'flight.full' });
    strict.issue('berta', 'd');
    const loose = new Handles(options({ oldestGivesWay: true }));
    const [first, second] = ['a', 'b', 'c', 'd'].map((value) => loose.issue('anna', value));
    assert.throws(() => loose.find('anna', first!), unknown);
    assert.equal(loose.find('anna', second!), 'b');
  });

  it('end with what they belong to', () => {
    const handles = new Handles(options());
    const [one, other] = [{}, {}];
    const gone = handles.issue('anna', 'a', one);
    const stays = handles.issue('anna', 'b', other);
    handles.endOf(one);
    assert.throws(() => handles.find('anna', gone), unknown);
    assert.equal(handles.take('anna', stays), 'b');
    assert.equal(handles.end('anna', stays), false);
  });
});

describe('patterns', () => {
  it('match as a naive reading of LIKE does', () => {
    const naive = (name: string, pattern: string): boolean => {
      if (pattern === '') return name === '';
      const rest = pattern.slice(1);
      if (pattern[0] === '%') return naive(name, rest) || (name !== '' && naive(name.slice(1), pattern));
      if (pattern[0] === '\\' && rest !== '')
        return name !== '' && name[0] === rest[0] && naive(name.slice(1), rest.slice(1));
      return name !== '' && (pattern[0] === '_' || pattern[0] === name[0]) && naive(name.slice(1), rest);
    };
    const letters = (from: string): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...from), maxLength: 8 });
    fc.assert(
      fc.property(
        letters('ab%_'),
        letters('ab%_\\').filter((text) => !text.endsWith('\\')),
        (name, pattern) => {
          assert.equal(like(pattern)(name), naive(name, pattern));
        },
      ),
      { numRuns: 5000 },
    );
    assert.equal(like(undefined)('anything'), true);
  });

  it('take no time beyond their length', () => {
    assert.equal(like('%a'.repeat(100_000))('a'.repeat(200)), false);
  });
});
