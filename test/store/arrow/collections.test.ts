/** V8 must not mark its heap again and again while answers stream. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PerformanceObserver, constants } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect } from './support.ts';
import { toArrowMessages } from '../../../src/store/arrow/index.ts';

const ANSWERS = 6;

it('in a heap that has shrunk, an answer of 40 MB takes no more than one major collection', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const connection = await connect();
  await connection.run(
    `create temp table wide as select i, i * 7 as j, i / 3 as k, 'a text of some length ' || i as t, 'another one, longer than the first ' || i as u
     from range(400000) r(i)`,
  );
  let majors = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if ((entry as { detail?: { kind?: number } }).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
        majors++;
  });
  const answer = async (): Promise<number> => {
    let bytes = 0;
    const { messages } = toArrowMessages(await connection.stream('select * from wide'), {
      batchBytes: 2 ** 20,
    });
    for await (const message of messages) bytes += message.bodyLength;
    return bytes;
  };
  await answer();
  // Several in a row: the limit follows what lived after each.
  for (let i = 0; i < 4; i++) collect();
  observer.observe({ entryTypes: ['gc'] });
  for (let i = 0; i < ANSWERS; i++) assert.ok((await answer()) > 40e6);
  await pause(20);
  observer.disconnect();
  connection.closeSync();
  assert.ok(majors <= ANSWERS, `${majors} major collections during ${ANSWERS} answers`);
});
