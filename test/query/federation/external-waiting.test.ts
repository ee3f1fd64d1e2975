/** Statements that wait for a place to read files: one that gives up takes nobody's turn. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEFAULT_LIMITS, type FileSystem } from '../../../src/base/index.ts';
import { ExternalReader } from '../../../src/query/index.ts';
import { codeOf } from '../../store/kit.ts';

it('whoever waits behind one that gave up has their turn', { timeout: 10_000 }, async () => {
  const gate = Promise.withResolvers<undefined>();
  const fs = { stat: () => gate.promise } as unknown as FileSystem;
  const reader = new ExternalReader(fs, { ...DEFAULT_LIMITS, external_running: 1 });
  const columns = [{ name: 'n', type: 'BIGINT' }];
  const files = [{ path: 'a.csv', bytes: 1, modified_ms: 1 }];
  reader.setTables([{ name: 'a', source: 'a.csv', format: 'csv', files, columns }]);
  type Answer = Parameters<ExternalReader['answer']>;
  const query = { tables: [{ schema: 'ext', name: 'a', columns }] };
  const site = { kind: 'external', number: 0, name: 'a', names: undefined, reads: [] } as Answer[1];
  const ask = (signal: AbortSignal): Promise<unknown> =>
    reader.answer({ query, signal } as unknown as Answer[0], site);
  const gaveUp = new AbortController();
  const first = codeOf(ask(new AbortController().signal));
  const second = assert.rejects(ask(gaveUp.signal));
  const third = codeOf(ask(new AbortController().signal));
  gaveUp.abort();
  await second;
  gate.resolve(undefined);
  assert.deepEqual(await Promise.all([first, third]), ['external.missing', 'external.missing']);
});
