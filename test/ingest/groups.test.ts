import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { largeGroups } from '../../src/ingest/apply/groups.ts';
import type { ReadEvent } from '../../src/ingest/reader.ts';

const section = (text: string): ReadEvent => ({
  type: 'section',
  section: {
    eid: text,
    parentEid: undefined,
    level: 'section',
    num: undefined,
    citation: '',
    heading: undefined,
    text,
  },
});

async function* reading(
  groups: readonly (readonly ReadEvent[])[],
  fails = false,
): AsyncIterable<readonly ReadEvent[]> {
  yield* groups;
  if (fails) throw new RangeError('line 7');
}

async function collect(groups: AsyncIterable<readonly ReadEvent[]>): Promise<ReadEvent[][]> {
  const all: ReadEvent[][] = [];
  try {
    for await (const group of groups) all.push([...group]);
  } catch (error) {
    assert(error instanceof RangeError);
    all.push([]);
  }
  return all;
}

describe('larger groups of events', () => {
  const events = ['aaaa', 'bbbb', 'cc', 'dddd', 'e'].map(section);

  it('keep every event in order, and end when their text is long enough', async () => {
    const groups = await collect(largeGroups(reading(events.map((event) => [event])), 8));
    assert.deepEqual(groups, [events.slice(0, 2), events.slice(2)]);
  });

  it('give out what came before a failure, then fail', async () => {
    const groups = await collect(largeGroups(reading([events], true), 1000));
    assert.deepEqual(groups, [events, []]);
  });

  it('of nothing are none', async () => assert.deepEqual(await collect(largeGroups(reading([[]]), 8)), []));
});
