import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ESH,
  LAW,
  TABLES,
  allColumns,
  partitionSql,
  qualifiedName,
  type PartitionKey,
  type Table,
} from '../../src/schema/index.ts';
import { changes, type ChangeRequest, type Store } from '../../src/store/index.ts';
import { codeOf, document, freshStore, permit, site } from './kit.ts';

interface Told {
  table: Table;
  row: Record<string, unknown>;
  since: bigint;
  until: bigint;
}

/** A value as text that is the same from Arrow and from DuckDB. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'toArray' in value
    ? [...(value as unknown as Iterable<unknown>)]
    : value;

async function told(store: Store, request: ChangeRequest): Promise<Told[]> {
  const found: Told[] = [];
  for await (const { table, batch, since, until } of changes(store, request))
    for (const row of batch.toArray() as { toJSON(): Record<string, unknown> }[])
      found.push({
        table,
        since,
        until,
        row: Object.fromEntries(Object.entries(row.toJSON()).map(([name, value]) => [name, plain(value)])),
      });
  return found;
}

const keyOf = (table: Table, row: Record<string, unknown>): string =>
  `${qualifiedName(table)} ${table.key.map((name) => String(row[name])).join('/')}`;

/** Key, commit and tombstone of every row. */
async function truth(store: Store, tables: readonly Table[], where = 'true'): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const table of tables) {
    const parts = partitionSql(table);
    const filter = where.replaceAll(/\{(\w+)\}/g, (_, part: string) => parts[part as keyof PartitionKey]);
    for (const row of await store.rows<Record<string, unknown>>(
      `from ${qualifiedName(table)} where ${filter}`,
    ))
      found.set(
        keyOf(table, row),
        `${String(row['commit_version'])} ${String(row['deleted'])} ${String(row['name'] ?? row['title'])}`,
      );
  }
  return found;
}

const SMALL = [ESH.sites, ESH.permits, LAW.documents];

async function write(
  store: Store,
  what: { id: string; value: number; kind: 'site' | 'permit' | 'document' | 'remove' },
): Promise<void> {
  await store.transact('t', async (tx) => {
    if (what.kind === 'site')
      await tx.put(ESH.sites, [
        site(what.id, { name: `n${what.value}`, region: what.value % 2 === 0 ? 'north' : 'south' }),
      ]);
    else if (what.kind === 'permit')
      await tx.put(ESH.permits, [
        permit(`${what.id}${what.value}`, { issued_on: `2024-0${what.value + 1}-01`, site_id: what.id }),
      ]);
    else if (what.kind === 'document')
      await tx.put(LAW.documents, [
        document(`${what.id}${what.value}`, { jurisdiction: what.value % 2 === 0 ? 'US' : 'UK' }),
      ]);
    else await tx.remove(ESH.permits, 'site_id = $1', [what.id]);
  });
}

const WRITES = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    value: fc.nat(3),
    kind: fc.constantFrom('site' as const, 'permit' as const, 'document' as const, 'remove' as const),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('change feed', () => {
  it('F1 F2 F3 any writes: a feed tells exactly the rows of its range and partition, and feeds one after the other give the tables', async (t) => {
    const { store } = await freshStore(t);
    await fc.assert(
      fc.asyncProperty(WRITES, fc.nat(4), async (writes, pause) => {
        const start = store.commitVersion;
        const replica = await truth(store, SMALL);
        let since = start;
        for (const [i, what] of writes.entries()) {
          await write(store, what);
          if (pause > 0 && i % pause === 0) since = await apply(store, replica, since);
        }
        await apply(store, replica, since);
        assert.deepEqual(replica, await truth(store, SMALL), 'F2');
        const range = await told(store, { since: start });
        const expected = await truth(store, SMALL, `commit_version > ${start}`);
        assert.deepEqual(
          new Set(range.map(({ table, row }) => keyOf(table, row))),
          new Set(expected.keys()),
          'F1',
        );
        assert.equal(range.length, expected.size, 'F1 each once');
        for (const partition of [
          { region: 'north' },
          { site_id: 'a', category: 'permit' },
          { period: '2024-02' },
          { region: 'UK', category: 'law' },
          { category: 'nothing' },
        ] as Partial<PartitionKey>[]) {
          const part = await told(store, { since: start, partition });
          const filter = Object.entries(partition).map(([name, value]) => `{${name}} = '${value}'`);
          const rows = await truth(store, SMALL, [`commit_version > ${start}`, ...filter].join(' and '));
          assert.deepEqual(
            part.map(({ table, row }) => keyOf(table, row)).sort(),
            [...rows.keys()].sort(),
            'F3',
          );
          for (const { row } of part)
            for (const [name, value] of Object.entries(partition))
              assert.equal(row[`partition_${name}`], value);
        }
      }),
      { numRuns: 8 },
    );
  });

  async function apply(store: Store, replica: Map<string, string>, since: bigint): Promise<bigint> {
    let until = since;
    for (const one of await told(store, { since })) {
      until = one.until;
      assert.equal(one.since, since);
      replica.set(
        keyOf(one.table, one.row),
        `${String(one.row['commit_version'])} ${String(one.row['deleted'])} ${String(one.row['name'] ?? one.row['title'])}`,
      );
    }
    return until;
  }

  it('F1 rows come by commit, then key, with every column and the partition', async (t) => {
    const { store } = await freshStore(t);
    await store.transact('t', (tx) => tx.put(ESH.permits, [permit('c'), permit('a')]));
    await store.transact('t', (tx) => tx.put(ESH.permits, [permit('b', { issued_on: '2023-12-31' })]));
    const rows = await told(store, { since: 0n });
    assert.deepEqual(
      rows.map(({ row }) => [row['permit_id'], row['commit_version'], row['partition_period']]),
      [
        ['a', 1n, '2024-03'],
        ['c', 1n, '2024-03'],
        ['b', 2n, '2023-12'],
      ],
    );
    assert.deepEqual(Object.keys(rows[0]?.row ?? {}), [
      ...allColumns(ESH.permits).map((column) => column.name),
      'partition_region',
      'partition_site_id',
      'partition_category',
      'partition_period',
    ]);
    assert.equal(rows[0]?.row['partition_category'], 'permit');
    assert.deepEqual([...new Set(rows.map((row) => row.until))], [2n]);
  });

  it('F1 every table can be told of', async (t) => {
    const { store } = await freshStore(t);
    await store.transact('t', async (tx) => {
      for (const table of TABLES)
        await tx.put(table, [
          Object.fromEntries(
            table.columns.map((column) => [
              column.name,
              column.name === table.states?.column
                ? table.states.initial[0]
                : {
                    VARCHAR: 'x',
                    'VARCHAR[]': ['x'],
                    BOOLEAN: true,
                    INTEGER: 1,
                    BIGINT: 1n,
                    DOUBLE: 1.5,
                    'DECIMAL(18,2)': '1.50',
                    DATE: '2024-01-02',
                    TIMESTAMP: '2024-01-02T03:04:05Z',
                  }[column.type],
            ]),
          ),
        ]);
    });
    const rows = await told(store, { since: 0n });
    assert.deepEqual(
      rows.map((row) => qualifiedName(row.table)),
      TABLES.map(qualifiedName),
    );
    assert.deepEqual(await told(store, { since: 1n }), []);
    assert.deepEqual(
      (await told(store, { since: 0n, tables: [ESH.sites] })).map((row) => qualifiedName(row.table)),
      ['esh.sites'],
    );
  });

  it('F1 `until` bounds the feed; later writes of a row take it out of an earlier range', async (t) => {
    const { store } = await freshStore(t);
    for (const name of ['one', 'two', 'three'])
      await store.transact('t', (tx) => tx.put(ESH.sites, [site('a', { name }), site(name)]));
    const ids = async (request: ChangeRequest) =>
      (await told(store, request)).map(({ row }) => row['site_id']);
    assert.deepEqual(await ids({ since: 0n, until: 2n }), ['one', 'two']);
    assert.deepEqual(await ids({ since: 2n }), ['a', 'three']);
    assert.deepEqual(await ids({ since: 1n, until: 1n }), []);
    assert.deepEqual(
      (await told(store, { since: 2n, until: 99n })).map((row) => row.until),
      [3n, 3n],
    );
    assert.deepEqual(await ids({ since: 99n }), []);
    assert.equal(await codeOf(ids({ since: -1n })), 'feed.range');
    assert.equal(await codeOf(ids({ since: 3n, until: 2n })), 'feed.range');
  });

  it('F2 a feed that is read slowly stays the state it began with', async (t) => {
    const { store } = await freshStore(t, { limits: { feed_rows: 100 } });
    await store.transact('t', (tx) =>
      tx.put(
        ESH.sites,
        [...Array(3000).keys()].map((i) => site(`s${i}`)),
      ),
    );
    await store.transact('t', (tx) => tx.put(LAW.documents, [document('d')]));
    const seen = new Map<string, number>();
    let batches = 0;
    for await (const { table, batch, until } of changes(store, { since: 0n })) {
      assert.equal(until, 2n);
      if (batches++ === 0) {
        await store.transact('t', (tx) => tx.put(ESH.sites, [site('s2999', { name: 'later' })]));
        await store.transact('t', (tx) => tx.put(LAW.documents, [document('later')]));
      }
      assert.ok(batch.numRows <= 100);
      seen.set(qualifiedName(table), (seen.get(qualifiedName(table)) ?? 0) + batch.numRows);
    }
    assert.deepEqual(Object.fromEntries(seen), { 'law.documents': 1, 'esh.sites': 3000 });
    assert.ok(batches >= 30);
    assert.equal((await told(store, { since: 2n })).length, 2);
  });

  it('a feed that is left early or aborted gives its connection back', async (t) => {
    const { store } = await freshStore(t, { limits: { duckdb_connections: 2, feed_rows: 10 } });
    await store.transact('t', (tx) =>
      tx.put(
        ESH.sites,
        [...Array(5000).keys()].map((i) => site(`s${i}`)),
      ),
    );
    for (let i = 0; i < 4; i++)
      for await (const batch of changes(store, { since: 0n })) if (batch.batch.numRows > 0) break;
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of changes(store, { since: 0n, signal: stop.signal }))
        if (batch.batch.numRows > 0) stop.abort(new TypeError('enough'));
    })();
    await assert.rejects(reading, /enough/);
    await assert.rejects(
      told(store, { since: 0n, signal: AbortSignal.abort(new TypeError('before')) }),
      /before/,
    );
    assert.equal((await told(store, { since: 0n })).length, 5000);
    await store.transact('t', (tx) => tx.put(ESH.sites, [site('last')]));
    assert.equal((await told(store, { since: 1n })).length, 1);
  });
});
