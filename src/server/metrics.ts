/** A node's status as OpenMetrics text. */
import type { NodeStatus, QueryFigures } from '../node/index.ts';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly unit?: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function render(metric: Metric): string {
  const lines = [`# TYPE ${metric.name} gauge`];
  if (metric.unit !== undefined) lines.push(`# UNIT ${metric.name} ${metric.unit}`);
  lines.push(`# HELP ${metric.name} ${metric.help}`);
  for (const [labels, value] of metric.samples) {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
    lines.push(`${metric.name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
  }
  return lines.join('\n');
}

function queryMetrics({ running, waiting, ended, failed, slow, cache }: QueryFigures): Metric[] {
  return [
    {
      name: 'fractal_queries',
      help: 'Statements that run, and that wait for a place.',
      samples: [
        [{ state: 'running' }, running],
        [{ state: 'waiting' }, waiting],
      ],
    },
    {
      name: 'fractal_queries_ended',
      help: 'Statements that ended since the node opened; failed and slow ones are counted again.',
      samples: [
        [{ which: 'all' }, ended],
        [{ which: 'failed' }, failed],
        [{ which: 'slow' }, slow],
      ],
    },
    {
      name: 'fractal_result_cache_answers',
      help: 'Answers in the result cache.',
      samples: [[{}, cache.answers]],
    },
    {
      name: 'fractal_result_cache_bytes',
      help: 'Bytes of the answers in the result cache.',
      unit: 'bytes',
      samples: [[{}, cache.bytes]],
    },
    {
      name: 'fractal_result_cache_asked',
      help: 'Questions put to the result cache since the node opened.',
      samples: [
        [{ found: 'yes' }, cache.hits],
        [{ found: 'no' }, cache.misses],
      ],
    },
  ];
}

export function openMetrics(status: NodeStatus): string {
  const metrics: Metric[] = [
    {
      name: 'fractal_node',
      help: 'Always 1; the labels say which node this is.',
      samples: [[{ id: status.node.id, role: status.node.role, version: status.version }, 1]],
    },
    {
      name: 'fractal_uptime_seconds',
      help: 'Time since the node opened.',
      unit: 'seconds',
      samples: [[{}, status.uptime_s]],
    },
    {
      name: 'fractal_commit_version',
      help: 'Version of the last commit.',
      samples: [[{}, status.commit_version]],
    },
    {
      name: 'fractal_table_rows',
      help: 'Rows of a table.',
      unit: 'rows',
      samples: status.tables.map((table) => [{ table: table.name, class: table.class }, table.rows] as const),
    },
    {
      name: 'fractal_storage_bytes',
      help: 'Bytes on disk.',
      unit: 'bytes',
      samples: [
        [{ engine: 'duckdb' }, status.storage.duckdb_bytes],
        [{ engine: 'lance' }, status.storage.lance_bytes],
      ],
    },
    {
      name: 'fractal_unindexed_rows',
      help: 'Provisions not yet in the search index.',
      unit: 'rows',
      samples: [[{}, status.search.unindexed_rows]],
    },
    {
      name: 'fractal_import_jobs',
      help: 'Unfinished jobs of the ingest queue; interrupted ones are counted as queued too.',
      unit: 'jobs',
      samples: (['queued', 'running', 'paused', 'interrupted'] as const).map(
        (state) => [{ state }, status.queue[state]] as const,
      ),
    },
    {
      name: 'fractal_import_files',
      help: 'Files of the ingest queue: left in unfinished jobs, and rejected or failed in the jobs remembered.',
      unit: 'files',
      samples: [
        [{ state: 'left' }, status.queue.files_left],
        [{ state: 'at_fault' }, status.queue.files_at_fault],
      ],
    },
    {
      name: 'fractal_watched_folders',
      help: 'Folders whose new and changed files are imported.',
      unit: 'folders',
      samples: [[{}, status.queue.watches]],
    },
    {
      name: 'fractal_watched_missing_files',
      help: 'Watched files that are not there any more.',
      unit: 'files',
      samples: [[{}, status.queue.files_missing]],
    },
    ...(status.queries === undefined ? [] : queryMetrics(status.queries)),
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident set size.',
      unit: 'bytes',
      samples: [[{}, status.memory.rss_bytes]],
    },
  ];
  return metrics.map(render).join('\n') + '\n# EOF\n';
}
