import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_LIMITS,
  LIMITS,
  ManualClock,
  SeededRandom,
  Serial,
  Sha256,
  newId,
  sha256,
  systemClock,
  systemRandom,
  today,
} from '../../src/base/index.ts';

describe('clock', () => {
  it('a manual clock moves only when told', () => {
    const clock = new ManualClock(5);
    clock.advance(10);
    assert.equal(clock.now(), 15);
    clock.set(3);
    assert.equal(clock.now(), 3);
    assert.equal(today(new ManualClock(Date.UTC(2024, 1, 29, 23, 59))), '2024-02-29');
  });

  it('the system clock tells the time, and its monotonic side never goes back', () => {
    assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000);
    let last = systemClock.monotonic();
    for (let i = 0; i < 1000; i++) {
      const now = systemClock.monotonic();
      assert.ok(now >= last);
      last = now;
    }
  });
});

describe('random', () => {
  it('a seed repeats itself and another seed differs', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => {
        const bytes = (seed: number): string => Buffer.from(new SeededRandom(seed).bytes(16)).toString('hex');
        assert.equal(bytes(a), bytes(a));
        if (a !== b) assert.notEqual(bytes(a), bytes(b));
      }),
    );
  });

  it('stays in its range and reaches all of a small one', () => {
    const random = new SeededRandom(7);
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      const value = random.below(6);
      assert.ok(Number.isInteger(value) && value >= 0 && value < 6);
      seen.add(value);
    }
    assert.equal(seen.size, 6);
    assert.equal(systemRandom.bytes(16).length, 16);
    assert.notDeepEqual(systemRandom.bytes(16), systemRandom.bytes(16));
  });
});

describe('ids', () => {
  it('are UUIDs of version 7 that hold their time and sort by it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.nat(),
        (a, b, seed) => {
          const random = new SeededRandom(seed);
          const [first, second] = [newId(new ManualClock(a), random), newId(new ManualClock(b), random)];
          assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
          assert.equal(Number.parseInt(first.replaceAll('-', '').slice(0, 12), 16), a);
          if (a !== b) assert.equal(a < b, first < second);
        },
      ),
    );
  });
});

describe('hash', () => {
  it('over chunks is the hash over the whole', () => {
    assert.equal(sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const hash = new Sha256();
        for (const chunk of chunks) hash.update(chunk);
        assert.equal(hash.digest(), sha256(Buffer.concat(chunks)));
      }),
    );
  });
});

describe('serial', () => {
  it('runs one at a time, in order, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ turns: fc.nat(5), fails: fc.boolean() })), async (tasks) => {
        const serial = new Serial();
        const order: number[] = [];
        let running = 0;
        const answers = await Promise.allSettled(
          tasks.map((task, i) =>
            serial.run(async () => {
              assert.equal(++running, 1);
              for (let turn = 0; turn < task.turns; turn++) await Promise.resolve();
              order.push(i);
              running--;
              if (task.fails) throw new TypeError('on purpose');
              return i;
            }),
          ),
        );
        assert.deepEqual(order, [...tasks.keys()]);
        answers.forEach((answer, i) =>
          assert.equal(answer.status, tasks[i]?.fails === true ? 'rejected' : 'fulfilled'),
        );
        assert.equal(serial.length, 0);
      }),
      { numRuns: 50 },
    );
  });

  it('counts what waits, and goes on after a task that throws at once', async () => {
    const serial = new Serial();
    const failing = serial.run(() => {
      throw new TypeError('on purpose');
    });
    const next = serial.run(async () => 2);
    assert.equal(serial.length, 2);
    await assert.rejects(failing, /on purpose/);
    assert.equal(await next, 2);
  });
});

describe('limits', () => {
  it('each is a positive number with a unit and a reason', () => {
    for (const [name, limit] of Object.entries(LIMITS)) {
      assert.ok(limit.value > 0 && Number.isSafeInteger(limit.value), name);
      assert.ok(limit.unit.length > 0 && limit.why.length > 10, name);
      assert.equal(DEFAULT_LIMITS[name as keyof typeof DEFAULT_LIMITS], limit.value);
      if (name.endsWith('_bytes')) assert.equal(limit.unit, 'bytes', name);
      if (name.endsWith('_ms')) assert.equal(limit.unit, 'milliseconds', name);
    }
  });
});
