/**
 * SQL under policy beside bare DuckDB: `node bench/governed.ts [ROWS] [ROUNDS]`. Writes bench/results/governed.json.
 *
 * A table shaped like TPC-H's lineitem at scale 1 and one of monitoring readings, in the store of a node. `bare` is the
 * statement with the policy's predicate written into it, on the same engine and through the same conversion to Arrow;
 * `governed` is the statement as a principal types it, through guard, policy and views. The two take turns in an order
 * that changes, so that a busy machine slows both; `ratio` is of the best times, `ratio_cpu` of the processor time of all
 * threads over all rounds, which a busy machine changes least.
 */
import { SeededRandom } from '../src/base/index.ts';
import {
  authorize,
  executeQuery,
  parseStatement,
  type AccessPolicy,
  type Principal,
  type ReadableTable,
} from '../src/query/index.ts';
import { toIpcStream, type Store } from '../src/store/index.ts';
import { bench, keep, percentile, shippedModel } from './kit.ts';

const ROWS = Number(process.argv[2] ?? 6_001_215);
const ROUNDS = Number(process.argv[3] ?? 15);
const random = new SeededRandom(7);

const LINEITEM = `create table esh.lineitem as select
  (i / 4)::bigint as orderkey, (i * 7919 % 200000)::bigint as partkey, (1 + i * 31 % 50)::decimal(12,2) as quantity,
  (900 + i * 37 % 9999999 / 100.0)::decimal(12,2) as extendedprice, (i % 11 / 100.0)::decimal(12,2) as discount,
  (i % 9 / 100.0)::decimal(12,2) as tax, ['A', 'N', 'R'][1 + i % 3] as returnflag, ['O', 'F'][1 + i % 2] as linestatus,
  date '1992-01-01' + (i * 17 % 2500)::int as shipdate, 'SITE-' || lpad((i / 500000)::int::varchar, 4, '0') as site_id,
  ['EU', 'US', 'UK'][1 + (i / 500000)::int % 3] as region
  from range(${ROWS}) t(i)`;
const READINGS = `insert into esh.monitoring_readings select
  'point-' || (i % 400), ['EU', 'US'][1 + i % 2], 'SITE-' || lpad((i / 90000)::int::varchar, 4, '0'),
  ['dust', 'NO2', 'noise'][1 + i % 3], timestamp '2024-01-01' + to_seconds(i * 60), (i * 31 % 977) / 7.0, 'ug/m3', null,
  'bench', 1, 1, false from range(1000000) t(i)`;

const SITES = `('SITE-0000', 'SITE-0001', 'SITE-0003', 'SITE-0004', 'SITE-0007', 'SITE-0010')`;
const OWN = `t."site_id" in ${SITES}`;

/** Statement with `@lineitem` and `@readings` for the tables. */
const STATEMENTS: Readonly<Record<string, string>> = {
  q1: `select returnflag, linestatus, sum(quantity), sum(extendedprice), sum(extendedprice * (1 - discount)),
         sum(extendedprice * (1 - discount) * (1 + tax)), avg(quantity), avg(extendedprice), avg(discount), count(*)
       from @lineitem where shipdate <= date '1998-09-02' group by all order by all`,
  q6: `select sum(extendedprice * discount) from @lineitem where shipdate >= date '1994-01-01'
         and shipdate < date '1995-01-01' and discount between 0.05 and 0.07 and quantity < 24`,
  top: `select orderkey, sum(extendedprice) as v from @lineitem where shipdate > date '1997-01-01' group by all
        order by v desc limit 10`,
  monthly: `select site_id, date_trunc('month', shipdate) as m, count(*), max(tax) from @lineitem group by all order by all`,
  exceedances: `select site_id, parameter, date_trunc('day', measured_at) as d, avg(value), max(value) from @readings
        where parameter = 'NO2' group by all having max(value) > 130 order by all`,
  window: `select point_id, measured_at, value, avg(value) over (partition by point_id order by measured_at rows 23 preceding)
        as mean from @readings where parameter = 'dust' qualify value > 1.9 * mean order by all limit 100`,
};

const columns = (names: readonly string[]): ReadableTable['columns'] =>
  names.map((name) => ({ name, type: '', sql: `t."${name}"`, shown: 'plain', doc: '', rules: [] }));
const table = (name: string, names: readonly string[]): ReadableTable => ({
  schema: 'esh',
  name,
  doc: '',
  columns: columns(names),
  where: OWN,
  rules: ['own-sites'],
  hidden: [],
});
const scope = {
  key: 'bench',
  tables: [
    table(
      'lineitem',
      'orderkey partkey quantity extendedprice discount tax returnflag linestatus shipdate site_id region'.split(
        ' ',
      ),
    ),
    table(
      'monitoring_readings',
      'point_id region site_id parameter measured_at value unit qualifier'.split(' '),
    ),
  ],
};
const policy: AccessPolicy = {
  decide: () => ({ allowed: true, predicate: undefined }),
  scope: () => scope,
  writing: () => ({ allowed: false, rule: 'nothing is written here' }),
};
const ann: Principal = { id: 'ann', roles: ['inspector'] };
const signal = new AbortController().signal;

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

async function governed(store: Store, sql: string): Promise<number> {
  const statement = await parseStatement(store, sql, [], store.options.limits);
  return await drain(await executeQuery(store, authorize(statement, ann, policy), signal));
}

async function bare(store: Store, sql: string): Promise<number> {
  const open = await store.stream(sql, [], signal);
  try {
    return await drain(toIpcStream(open.result, { signal }));
  } finally {
    open.close();
  }
}

const b = await bench(await shippedModel());
const { store } = b;
await store.withConnection(async (connection) => {
  await connection.run(LINEITEM);
  await connection.run(READINGS);
});
const results: Record<string, object> = {};
for (const [name, text] of Object.entries(STATEMENTS)) {
  const asked = text
    .replaceAll('@lineitem', 'esh.lineitem')
    .replaceAll('@readings', 'esh.monitoring_readings');
  const written = text
    .replaceAll('@lineitem', `(select * from esh.lineitem t where ${OWN})`)
    .replaceAll('@readings', `(select * from esh.monitoring_readings t where ${OWN})`);
  const times = { bare: [] as number[], governed: [] as number[] };
  const cpu = { bare: 0, governed: 0 };
  for (let round = -2; round < ROUNDS; round++)
    for (const way of random.below(2) === 0
      ? (['bare', 'governed'] as const)
      : (['governed', 'bare'] as const)) {
      const from = performance.now();
      const spent = process.cpuUsage();
      const bytes = way === 'bare' ? await bare(store, written) : await governed(store, asked);
      if (bytes === 0) throw new Error('no bytes');
      if (round < 0) continue;
      times[way].push(performance.now() - from);
      const { user, system } = process.cpuUsage(spent);
      cpu[way] += user + system;
    }
  const best = (list: readonly number[]): number => percentile(list, 0);
  results[name] = {
    bare_ms: best(times.bare),
    governed_ms: best(times.governed),
    ratio: Number((best(times.governed) / best(times.bare)).toFixed(3)),
    ratio_cpu: Number((cpu.governed / cpu.bare).toFixed(3)),
  };
}

// What policy costs by itself: the same text again, and a text never seen.
const cost = { remembered: [] as number[], cold: [] as number[], parse_alone: [] as number[] };
const q1 = (STATEMENTS['q1'] ?? '').replaceAll('@lineitem', 'esh.lineitem');
for (let i = 0; i < 400; i++) {
  for (const [kind, sql] of [
    ['remembered', q1],
    ['cold', `${q1} -- ${i}`],
  ] as const) {
    const from = performance.now();
    authorize(await parseStatement(store, sql, [], store.options.limits), ann, policy);
    cost[kind].push(performance.now() - from);
  }
  const from = performance.now();
  await store.rows('select json_serialize_sql($1::varchar) as tree', [`${q1} -- b${i}`]);
  cost.parse_alone.push(performance.now() - from);
}
const views = performance.now();
const lease = await store.leaseViews('another', () => []);
lease.release();
keep('governed', {
  command: `node bench/governed.ts ${ROWS} ${ROUNDS}`,
  rows: ROWS,
  statements: results,
  guard_ms: Object.fromEntries(
    Object.entries(cost).map(([kind, list]) => [
      kind,
      { best: percentile(list, 0), p50: percentile(list, 0.5), p99: percentile(list, 0.99) },
    ]),
  ),
  empty_catalogue_ms: Number((performance.now() - views).toFixed(2)),
});
await b.close();
