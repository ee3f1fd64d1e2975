import type { NodeStatus } from '../../node/index.ts';
import { tableLines } from '../output/table.ts';
import { bytesText, countText, durationText, oneLine, padTo, plural } from '../output/text.ts';
import { withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

const LABEL_WIDTH = 10;

export const runStatus: Run<'status'> = async (session) => {
  const status = await withNode(session, (node) => node.status());
  if (session.values.json) await writeJson(session, status);
  else await show(session, status);
  return 0;
};

async function show(session: Session, status: NodeStatus): Promise<void> {
  const { style } = session;
  const { node, search, storage } = status;
  const facts: readonly (readonly [string, string])[] = [
    [
      'node',
      `${style.bold(oneLine(node.name))}  ${node.role}, ${node.region === '' ? '' : `region ${oneLine(node.region)}, `}${node.id}`,
    ],
    ['state', status.running ? `serving for ${durationText(status.uptime_s * 1000)}` : 'not serving'],
    [
      'mode',
      `${status.mode}: whoever can reach this node on this machine is the local operator, with all rights`,
    ],
    ['data', oneLine(status.data_dir)],
    ['version', `fractal ${status.version}, commit ${countText(status.commit_version)}`],
    ['storage', `DuckDB ${bytesText(storage.duckdb_bytes)}, Lance ${bytesText(storage.lance_bytes)}`],
    ['memory', bytesText(status.memory.rss_bytes)],
    [
      'search',
      `${countText(search.sections)} sections, model ${oneLine(search.model)}, text index ${search.text_index ? 'yes' : 'no'}, ` +
        `vectors ${search.vector_index}, ${countText(search.unindexed_rows)} rows not indexed`,
    ],
    ['imports', queueText(status.queue)],
  ];
  for (const [label, text] of facts)
    await writeLine(session, style.dim(padTo(label, LABEL_WIDTH, 'left')) + text);
  const rows = status.tables.map((table) => [table.name, table.class, countText(table.rows)]);
  const columns = [
    { name: 'table', align: 'left' },
    { name: 'class', align: 'left' },
    { name: 'rows', align: 'right' },
  ] as const;
  await writeLine(session);
  const width = session.io.stdout.isTty ? session.io.stdout.columns : undefined;
  for await (const line of tableLines(columns, rows, { style, width })) await writeLine(session, line);
  for (const warning of status.warnings)
    await writeLine(session, style.yellow(`warning: ${oneLine(warning)}`));
}

function queueText(queue: NodeStatus['queue']): string {
  const { queued, running, paused, interrupted } = queue;
  const parts = [
    running > 0 ? `${countText(running)} running` : '',
    queued - interrupted > 0 ? `${countText(queued - interrupted)} waiting` : '',
    paused > 0 ? `${countText(paused)} paused` : '',
    interrupted > 0 ? `${countText(interrupted)} interrupted` : '',
    queue.files_left > 0 ? `${plural(queue.files_left, 'file')} left` : '',
    queue.files_at_fault > 0 ? `${plural(queue.files_at_fault, 'file')} rejected or failed` : '',
    queue.watches > 0 ? `${plural(queue.watches, 'folder')} watched` : '',
    queue.files_missing > 0 ? `${plural(queue.files_missing, 'watched file')} missing` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}
