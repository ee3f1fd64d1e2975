/** Tests each part of a node and says the cure for what is not well. */
import { statfs } from 'node:fs/promises';
import { asFractalError } from '../base/index.ts';
import { unmarkedRows } from '../ingest/index.ts';
import { SECTION_TABLE } from '../query/index.ts';
import { TABLES, qualifiedName } from '../schema/index.ts';
import { auditState, hubState } from './audit-log.ts';
import type { DoctorCheck } from './api.ts';
import type { NodeParts } from './parts.ts';
import { queueState } from './status.ts';

type Verdict = { readonly ok: boolean; readonly detail: string; readonly cure?: string };

const NODE_MAJOR_MIN = 24;
const FREE_BYTES_MIN = 1024 ** 3;

export async function examine(parts: NodeParts): Promise<DoctorCheck[]> {
  const { store, limits, embedder, search, maintenance } = parts;
  const checks: DoctorCheck[] = [];
  const check = async (name: string, run: () => Promise<Verdict> | Verdict): Promise<void> => {
    try {
      const { ok, detail, cure } = await run();
      checks.push({ name, ok, detail, cure: ok ? '' : (cure ?? '') });
    } catch (error) {
      const known = asFractalError(error);
      checks.push({ name, ok: false, detail: known.message, cure: known.cure });
    }
  };

  await check('runtime', () => ({
    ok: Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN,
    detail: `Node ${process.versions.node}`,
    cure: `Start with the fractal command, which brings Node ${NODE_MAJOR_MIN}.`,
  }));
  await check('thread pool', () => ({
    ok: Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) >= limits.thread_pool_threads,
    detail: `${process.env['UV_THREADPOOL_SIZE'] ?? '4 (default)'} threads`,
    cure: `Set UV_THREADPOOL_SIZE to at least ${limits.thread_pool_threads}.`,
  }));
  await check('disk', async () => {
    const { bavail, bsize } = await statfs(parts.dataDir);
    return {
      ok: bavail * bsize >= FREE_BYTES_MIN,
      detail: `${Math.round((bavail * bsize) / 1024 ** 2)} MiB free`,
      cure: 'Free disk space: compaction and queries need room for temporary files.',
    };
  });
  await check('database', async () => {
    const [row] = await store.rows<{ n: bigint }>(
      'select count(*) as n from node.commits where commit_version > $1',
      [0n],
    );
    return {
      ok: store.warnings.length === 0,
      detail: store.warnings.length === 0 ? `${row?.n ?? 0n} commits` : store.warnings.join('; '),
      cure: 'Import the sources again, or restore a backup. The untouched files are in quarantine/.',
    };
  });
  await check('keys', async () => {
    const twice: string[] = [];
    for (const table of TABLES) {
      const key = table.key.join(', ');
      const [row] = await store.rows<{ n: bigint }>(
        `select count(*) as n from (select ${key} from ${qualifiedName(table)} where commit_version >= $1 group by all having count(*) > 1)`,
        [0n],
      );
      if ((row?.n ?? 0n) > 0n) twice.push(qualifiedName(table));
    }
    return {
      ok: twice.length === 0,
      detail: twice.length === 0 ? 'every key is unique' : `keys come twice in ${twice.join(', ')}`,
      cure: 'This is a defect in Fractal: report it.',
    };
  });
  await check('people in free texts', async () => {
    const rows = (await unmarkedRows(store)).reduce((sum, one) => sum + one.rows, 0);
    return {
      ok: rows === 0,
      detail:
        rows === 0
          ? 'every row has been searched for names'
          : `${rows} rows have not been searched for names`,
      cure: 'Until then their free texts are masked as a whole. It is done by itself while the node runs: `fractal start`.',
    };
  });
  await check('search table', async () => {
    const table = store.lanceTable(SECTION_TABLE).reader;
    const [row] = await store.rows<{ n: bigint }>(
      `select count(*) as n from law.sections s join law.versions v using (version_id)
        where s.text <> $1 and v.known_to is null and not v.deleted`,
      [''],
    );
    const indexed = await table.countRows('superseded = 0');
    return {
      ok: BigInt(indexed) === row?.n,
      detail: `${indexed} passages for ${row?.n ?? 0n} provisions with text`,
      cure: 'Run `fractal reindex`: it is made again from the database.',
    };
  });
  await check('model', async () => {
    await search.checkModel();
    const vector = await embedder.embed(['apply the lockout device'], 'query');
    const length = Math.hypot(...vector);
    return {
      ok: Math.abs(length - 1) < 1e-3,
      detail: `${embedder.model.id} ${embedder.model.version}, ${embedder.model.dimension} dimensions`,
      cure: 'The model does not answer with unit vectors: take its folder from the release again.',
    };
  });
  await check('classifier', () => {
    const { id, version } = parts.classifier.demand().model.manifest;
    return { ok: true, detail: `${id} ${version}` };
  });
  await check('audit log', () => auditState(parts.audit.log));
  if (parts.config.audit_hub !== undefined) await check('audit hub', () => hubState(parts.audit.log));
  await check('maintenance', () => ({
    ok: maintenance.warnings.length === 0,
    detail: maintenance.warnings.length === 0 ? 'no trouble' : maintenance.warnings.join('; '),
    cure: 'Compaction is tried again by itself; free memory or disk if it keeps failing.',
  }));
  await check('import queue', async () => {
    const { interrupted, files_left: left, files_missing: missing } = await queueState(parts);
    const failed = (await parts.queue.jobs()).filter((job) => job.state === 'failed');
    const unreachable = (await parts.watcher.list()).filter((watch) => watch.error !== null);
    const trouble = [
      ...(interrupted > 0 ? [`${interrupted} jobs with ${left} files left were interrupted`] : []),
      ...failed.map((job) => `job ${job.id} failed (${job.error?.code ?? 'unknown'})`),
      ...unreachable.map((watch) => `a watched folder: ${watch.error?.detail ?? ''}`),
    ];
    return {
      ok: trouble.length === 0,
      detail:
        trouble.length > 0 ? trouble.join('; ') : `${left} files left, ${missing} watched files missing`,
      cure: '`fractal import status` shows the jobs; `fractal import resume` goes on with them.',
    };
  });
  return checks;
}
