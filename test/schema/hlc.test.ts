import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../src/base/index.ts';
import { HLC_DRIFT_MAX_MS, HybridLogicalClock, hlcMilliseconds } from '../../src/schema/index.ts';

const WALL = fc.integer({ min: 0, max: 2 ** 45 });

describe('hybrid logical clock', () => {
  it('every stamp is greater than all before, whatever the wall clock does', () => {
    fc.assert(
      fc.property(fc.array(WALL, { minLength: 1 }), (walls) => {
        const clock = new ManualClock();
        const hlc = new HybridLogicalClock(clock);
        let last = -1n;
        for (const wall of walls) {
          clock.set(wall);
          const stamp = hlc.tick();
          assert.ok(stamp > last);
          assert.ok(hlcMilliseconds(stamp) >= wall);
          last = stamp;
        }
      }),
    );
  });

  it('a stamp stays at the wall clock while that goes on', () => {
    const clock = new ManualClock(1000);
    const hlc = new HybridLogicalClock(clock);
    assert.equal(hlcMilliseconds(hlc.tick()), 1000);
    assert.equal(HybridLogicalClock.counter(hlc.tick()), 1);
    clock.advance(1);
    const next = hlc.tick();
    assert.equal(hlcMilliseconds(next), 1001);
    assert.equal(HybridLogicalClock.counter(next), 0);
  });

  it('more stamps in a millisecond than the counter holds carry over and keep their order', () => {
    const hlc = new HybridLogicalClock(new ManualClock(7), (7n << 16n) + 65_534n);
    assert.equal(HybridLogicalClock.counter(hlc.tick()), 65_535);
    const carried = hlc.tick();
    assert.equal(hlcMilliseconds(carried), 8);
    assert.equal(HybridLogicalClock.counter(carried), 0);
  });

  it('a cause comes before its effect across nodes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -20_000, max: 20_000 }))), (steps) => {
        const clocks = [new ManualClock(1_000_000), new ManualClock(1_000_000)] as const;
        const nodes = clocks.map((clock) => new HybridLogicalClock(clock));
        let message = 0n;
        for (const [which, shift] of steps) {
          const i = which ? 1 : 0;
          clocks[i].set(1_000_000 + shift);
          nodes[i]?.receive(message);
          const stamp = nodes[i]?.tick() ?? 0n;
          assert.ok(stamp > message);
          message = stamp;
        }
      }),
    );
  });

  it('a peer too far ahead is refused and does not drag our clock along', () => {
    const clock = new ManualClock(1_000_000);
    const hlc = new HybridLogicalClock(clock);
    const at = (ms: number): bigint => BigInt(ms) << 16n;
    assert.throws(() => hlc.receive(at(1_000_000 + HLC_DRIFT_MAX_MS + 1)), {
      code: 'hlc.drift',
      kind: 'bad_input',
    });
    assert.equal(hlc.last, 0n);
    hlc.receive(at(1_000_000 + HLC_DRIFT_MAX_MS));
    assert.equal(hlc.tick(), at(1_000_000 + HLC_DRIFT_MAX_MS) + 1n);
  });

  it('past 63 bits it stops with an internal error', () => {
    const hlc = new HybridLogicalClock(new ManualClock(0), (1n << 63n) - 1n);
    assert.throws(() => hlc.tick(), { code: 'hlc.overflow' });
  });
});
