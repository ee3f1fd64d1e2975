/** Places for statements: bounded, waited for a bounded time, given in turn. Rules R1 of src/security/SPEC.md. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, type Limits } from '../../../src/base/index.ts';
import { Admission } from '../../../src/query/sql/desk/admission.ts';

const NEVER = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const admission = (limits: Partial<Limits>): Admission =>
  new Admission({ ...DEFAULT_LIMITS, sql_wait_ms: 60_000, ...limits });

it('[R1] principals that wait take turns: one with many statements does not hold up another', async () => {
  const places = admission({ sql_running: 10, sql_running_all: 1, sql_waiting: 10 });
  const leave = await places.enter('greedy', NEVER);
  const order: string[] = [];
  const wait = (who: string): Promise<void> =>
    places.enter(who, NEVER).then((end) => {
      order.push(who);
      end();
    });
  const all = [wait('greedy'), wait('greedy'), wait('greedy'), wait('modest'), wait('third')];
  assert.deepEqual([places.running, places.waiting], [1, 5]);
  leave();
  await Promise.all(all);
  assert.deepEqual(order, ['greedy', 'modest', 'third', 'greedy', 'greedy']);
  assert.deepEqual([places.running, places.waiting], [0, 0]);
});

it('[R1] whoever waits is refused after a time, or at once when too many wait, and can be stopped', async () => {
  const places = admission({ sql_running: 1, sql_waiting: 1, sql_wait_ms: 5 });
  const leave = await places.enter('a', NEVER);
  const waiting = places.enter('a', NEVER);
  await assert.rejects(places.enter('a', NEVER), { code: 'sql.running', kind: 'unavailable' });
  // Another principal has places of their own.
  (await places.enter('b', NEVER))();
  await assert.rejects(waiting, { code: 'sql.running' });
  const abort = new AbortController();
  const stopped = places.enter('a', abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(stopped, /enough/);
  assert.equal(places.waiting, 0);
  leave();
  leave();
  assert.equal(places.running, 0);
  (await places.enter('a', NEVER))();
});

it('[R1] no bound is ever passed, no place is lost, and everybody who waits is served', async () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('enter', 'leave', 'stop')),
    {
      maxLength: 60,
    },
  );
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      async (list, own, all) => {
        const places = admission({ sql_running: own, sql_running_all: all, sql_waiting: 100 });
        const held: { who: string; leave: () => void }[] = [];
        const aborts: AbortController[] = [];
        let served = 0;
        let stopped = 0;
        let asked = 0;
        for (const [who, what] of list) {
          if (what === 'enter') {
            const abort = new AbortController();
            aborts.push(abort);
            asked++;
            void places.enter(who, abort.signal).then(
              (leave) => {
                served++;
                held.push({ who, leave });
              },
              () => stopped++,
            );
          } else if (what === 'leave') held.shift()?.leave();
          else aborts.shift()?.abort(new Error('stop'));
          await turn();
          for (const one of ['a', 'b', 'c'])
            assert.ok(held.filter(({ who: name }) => name === one).length <= own, 'places of one principal');
          assert.ok(held.length <= all, 'places of all');
          assert.equal(places.running, held.length);
        }
        while (held.length > 0) {
          held.shift()?.leave();
          await turn();
        }
        assert.equal(served + stopped, asked);
        assert.deepEqual([places.running, places.waiting], [0, 0]);
      },
    ),
  );
});
