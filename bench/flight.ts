/**
 * 1 M rows shaped like TPC-H `lineitem` through our Flight SQL, beside a server in Python (pyarrow.flight over duckdb),
 * both read by the same pyarrow client on the same machine, in turn.
 *
 *   node bench/flight.ts [--runs 7] [--rows 1000000] [--write]
 *
 * FRACTAL_PYTHON names a Python with pyarrow 26.0.1 and duckdb 1.5.6. `--write` keeps the numbers in
 * bench/results/flight.json.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '@duckdb/node-api';
import { silentLog } from '../src/base/index.ts';
import { initNode, openNode } from '../src/node/index.ts';
import { NodeFlightBackend } from '../src/node/flight/backend.ts';
import type { AccessPolicy, Principal } from '../src/query/index.ts';
import { listenFlight } from '../src/server/index.ts';
import { keep, machine } from './kit.ts';

const python = process.env['FRACTAL_PYTHON'] ?? 'python3';
const self = fileURLToPath(import.meta.url);
const peer = path.join(import.meta.dirname, 'flight_peer.py');

const MAKE = (rows: number, table = 'lineitem'): string => `create table ${table} as select
  (i / 4)::bigint as l_orderkey, (i * 7919 % 200000)::bigint as l_partkey, (i * 104729 % 10000)::bigint as l_suppkey,
  (i % 7 + 1)::int as l_linenumber, (i % 50 + 1)::decimal(15,2) as l_quantity,
  (i * 7919 % 10500000 / 100)::decimal(15,2) as l_extendedprice, (i % 11 / 100)::decimal(15,2) as l_discount,
  (i % 9 / 100)::decimal(15,2) as l_tax, case i % 3 when 0 then 'A' when 1 then 'N' else 'R' end as l_returnflag,
  case i % 2 when 0 then 'O' else 'F' end as l_linestatus, date '1992-01-01' + (i % 2500)::int as l_shipdate,
  date '1992-02-01' + (i % 2500)::int as l_commitdate, date '1992-03-01' + (i % 2500)::int as l_receiptdate,
  ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'][(i % 4 + 1)::int] as l_shipinstruct,
  ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'][(i % 7 + 1)::int] as l_shipmode,
  'carefully final deposits ' || (i % 9973) as l_comment from range(${rows}) r(i)`;
const QUERY = 'select * from lineitem';
/** The same of a table that a policy can speak of: through a view, as every statement. */
const GOVERNED = 'select * from esh.lineitem';
/** What pyarrow servers commonly use; smaller ones made it slower. */
const PYTHON_BATCH_ROWS = 65_536;

async function serve(rows: number): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fractal-bench-'));
  const dataDir = path.join(folder, 'node');
  await initNode({ dataDir, log: silentLog, name: 'bench' });
  const node = await openNode({ dataDir, log: silentLog, principal: 'local-operator' });
  const { store } = node.parts;
  await store.withConnection((connection) => connection.run(MAKE(rows, 'esh.lineitem')));
  const columns = await store.rows<{ column_name: string; column_type: string }>('describe esh.lineitem');
  const table = {
    schema: 'esh',
    name: 'lineitem',
    doc: '',
    columns: columns.map(({ column_name: name, column_type: type }) => ({
      name,
      type,
      sql: `t."${name}"`,
      shown: 'plain' as const,
      doc: '',
      rules: [],
    })),
    where: undefined,
    rules: [],
    hidden: [],
  };
  const policy: AccessPolicy = {
    // Nothing else is here, so nothing of the domain is either.
    decide: (_, { tables }) =>
      tables.every((name) => name === '*')
        ? { allowed: true, predicate: undefined }
        : { allowed: false, rule: 'only lineitem is here' },
    scope: () => ({ key: 'bench', tables: [table] }),
    writing: () => ({ allowed: false, rule: 'nothing is written here' }),
  };
  const named = async (id: string): Promise<Principal> => ({ id, roles: [] });
  const listening = await listenFlight({
    ...(await node.flight()),
    backend: new NodeFlightBackend(node.parts, { policy, named }, new AbortController().signal),
    host: '127.0.0.1',
    port: 0,
    limits: node.parts.limits,
    log: silentLog,
  });
  process.stdout.write(
    `${JSON.stringify({ url: listening.url.replace('grpc:', 'grpc+tcp:'), duckdb: version() })}\n`,
  );
  await once(process, 'SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly duckdb: string;
}

async function start(command: string, argv: readonly string[]): Promise<Server> {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ...(JSON.parse(first.toString()) as { url: string; duckdb: string }) };
}

interface Read {
  /** Processor time of the server meanwhile. */
  readonly cpuMs: number;
  readonly ms: number;
  readonly rows: number;
  readonly bytes: number;
  readonly pyarrow: string;
}

function read(server: Server, kind: 'sql' | 'ticket'): Read {
  const before = cpuMs(server);
  const text = execFileSync(python, [peer, 'read', server.url, kind === 'sql' ? GOVERNED : QUERY, kind], {
    encoding: 'utf8',
  });
  return { ...(JSON.parse(text) as Omit<Read, 'cpuMs'>), cpuMs: cpuMs(server) - before };
}

/** User and system time of a process; Linux counts in hundredths of a second. */
function cpuMs(server: Server): number {
  const fields =
    readFileSync(`/proc/${server.child.pid ?? 0}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};

function summary(server: Server, reads: readonly Read[]): object {
  const ms = reads.map((one) => Math.round(one.ms)).sort((a, b) => a - b);
  const { rows = 0, bytes = 0 } = reads[0] ?? {};
  const best = ms[0] ?? Number.NaN;
  return {
    duckdb: server.duckdb,
    rows,
    mib: Math.round(bytes / 1024 ** 2),
    ms,
    best_ms: best,
    median_ms: ms[ms.length >> 1],
    cpu_ms: reads.map((one) => one.cpuMs).sort((a, b) => a - b),
    best_rows_per_s: Math.round(rows / (best / 1000)),
  };
}

async function main(): Promise<void> {
  const rows = option('rows', 1_000_000);
  const runs = option('runs', 7);
  const ours = await start(process.execPath, [self, '--serve', String(rows)]);
  const theirs = await start(python, [peer, 'serve', MAKE(rows), String(PYTHON_BATCH_ROWS)]);
  try {
    read(ours, 'sql');
    read(theirs, 'ticket');
    const found: { ours: Read[]; theirs: Read[] } = { ours: [], theirs: [] };
    for (let run = 0; run < runs; run++) {
      found.ours.push(read(ours, 'sql'));
      found.theirs.push(read(theirs, 'ticket'));
    }
    const result = {
      machine: machine(),
      pyarrow: found.theirs[0]?.pyarrow,
      query: QUERY,
      fractal: summary(ours, found.ours),
      pyarrow_server: summary(theirs, found.theirs),
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    if (process.argv.includes('--write')) keep('flight', result);
  } finally {
    ours.child.kill('SIGTERM');
    theirs.child.kill('SIGTERM');
  }
}

await (process.argv.includes('--serve') ? serve(option('serve', 0)) : main());
