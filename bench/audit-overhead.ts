/**
 * What the audit log costs a governed statement: `node bench/audit-overhead.ts [ROUNDS]`. Writes bench/results/audit-overhead.json.
 *
 * A node with users, a million monitoring readings, an inspector of six sites. `audited` is the statement as every door runs
 * it: its beginning is durable before the first byte of the answer. `bare` is the same call of the same node without its log.
 * The two take turns in an order that changes. `ratio` is of the medians by the clock, `ratio_cpu` of the processor time of
 * all threads over all rounds.
 */
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SeededRandom, silentLog } from '../src/base/index.ts';
import { initNode, openNode, type FractalNode } from '../src/node/index.ts';
import { CallFacts } from '../src/node/audited/facts.ts';
import { keep, percentile } from './kit.ts';

const ROUNDS = Number(process.argv[2] ?? 200);
const random = new SeededRandom(7);
const SITES = Array.from({ length: 12 }, (_, i) => `SITE-${String(i).padStart(4, '0')}`);
const READINGS = `insert into esh.monitoring_readings select
  'point-' || (i % 400), ['EU', 'US'][1 + i % 2], 'SITE-' || lpad((i / 90000)::int::varchar, 4, '0'),
  ['dust', 'NO2', 'noise'][1 + i % 3], timestamp '2024-01-01' + to_seconds(i * 60), (i * 31 % 977) / 7.0, 'ug/m3', null,
  'bench', 1, 1, false from range(1000000) t(i)`;

/** From the smallest there is to one that reads everything the principal may see. */
const STATEMENTS: Readonly<Record<string, string>> = {
  one: 'select 1 as one',
  day: `select point_id, value from esh.monitoring_readings where site_id = 'SITE-0003'
        and measured_at between '2024-07-10' and '2024-07-11' order by all limit 50`,
  exceedances: `select site_id, parameter, date_trunc('day', measured_at) as d, avg(value), max(value) from esh.monitoring_readings
        where parameter = 'NO2' group by all having max(value) > 130 order by all limit 100`,
  window: `select point_id, measured_at, value, avg(value) over (partition by point_id order by measured_at rows 23 preceding)
        as mean from esh.monitoring_readings where parameter = 'dust' qualify value > 1.9 * mean order by all limit 100`,
};

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
try {
  const dataDir = path.join(folder, 'node');
  await initNode({ dataDir, log: silentLog, name: 'bench' });
  const config = path.join(dataDir, 'fractal.json');
  // Kept answers would be measured, and nothing else.
  const settings = JSON.parse(readFileSync(config, 'utf8')) as object;
  writeFileSync(config, JSON.stringify({ ...settings, result_cache: false }));
  const node = await openNode({ dataDir, log: silentLog, principal: 'local-operator' });
  await node.parts.store.withConnection(async (connection) => {
    await connection.run(READINGS);
  });
  await node.users({ action: 'add', id: 'root', roles: ['system-admin'] }).then(async ({ token }) => {
    const root = node.as({ credentials: { token: token ?? '' } });
    const attributes = { assigned_sites: SITES.filter((_, i) => i % 2 === 0) };
    const ann = await root.users({ action: 'add', id: 'ann', roles: ['inspector'], attributes });
    const audited = node.as({ credentials: { token: ann.token ?? '' } });
    await measured(audited, (audited as FractalNode).forCall(new CallFacts()));
  });
  await node.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measured(audited: Pick<FractalNode, 'sql'>, bare: Pick<FractalNode, 'sql'>): Promise<void> {
  const ways = { audited, bare };
  const statements: Record<string, object> = {};
  for (const [name, sql] of Object.entries(STATEMENTS)) {
    const times = { audited: [] as number[], bare: [] as number[] };
    const cpu = { audited: 0, bare: 0 };
    for (let round = -10; round < ROUNDS; round++)
      for (const way of random.below(2) === 0
        ? (['bare', 'audited'] as const)
        : (['audited', 'bare'] as const)) {
        const from = performance.now();
        const spent = process.cpuUsage();
        let bytes = 0;
        for await (const chunk of await ways[way].sql({ sql })) bytes += chunk.length;
        if (bytes === 0) throw new Error('no bytes');
        if (round < 0) continue;
        times[way].push(performance.now() - from);
        const { user, system } = process.cpuUsage(spent);
        cpu[way] += (user + system) / 1000;
      }
    const [with_log, without] = [percentile(times.audited, 0.5), percentile(times.bare, 0.5)];
    statements[name] = {
      p50_ms: without,
      p50_ms_audited: with_log,
      ratio: Number((with_log / without).toFixed(3)),
      cpu_ms: Number((cpu.bare / ROUNDS).toFixed(2)),
      ratio_cpu: Number((cpu.audited / cpu.bare).toFixed(3)),
    };
  }
  keep('audit-overhead', { command: `node bench/audit-overhead.ts ${ROUNDS}`, statements });
}
