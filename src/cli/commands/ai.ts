import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { badInputError } from '../../base/index.ts';
import type { AiDocumentation, NodeApi, NodeStatus } from '../../node/index.ts';
import { readRows } from '../../server/index.ts';
import { withNode, writeJson, writeLine, type Run } from '../session.ts';

/** Tables as the caller may see them: policy limits what goes into the file like any other reading. */
const LOGS = {
  'inferences.jsonl': 'select * from ai.inferences order by asked_at, inference_id',
  'decisions.jsonl':
    "select * from esh.human_decisions where subject_table = 'ai.inferences' order by decided_at, decision_id",
} as const;

export const runAi: Run<'ai'> = async (session) => {
  const { io, signal, values } = session;
  const [, target = ''] = session.arguments;
  const folder = path.resolve(io.cwd, target);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw badInputError(
      'export.folder',
      'the folder is not empty',
      'Name a new one: nothing is overwritten.',
    );
  await withNode(session, async (node) => {
    const [status, documentation] = [await node.status(), await node.aiDocumentation()];
    const put = (name: string, content: string): Promise<void> =>
      writeFile(path.join(folder, name), content, { mode: 0o600 });
    const counts: Record<string, number> = {};
    for (const [name, sql] of Object.entries(LOGS))
      counts[name] = await log(node, sql, path.join(folder, name), signal);
    await put('use-cases.json', `${JSON.stringify(documentation.use_cases, null, 2)}\n`);
    for (const { card, ...model } of documentation.models) {
      const name = `model-${model.id}-${model.version}`.replaceAll(/[^\w.-]/g, '_');
      await put(`${name}.json`, `${JSON.stringify(model, null, 2)}\n`);
      if (card !== null) await put(`${name}.md`, card);
    }
    await put('README.md', overview(status, documentation, counts, io.clock.now()));
    if (values.json) return writeJson(session, { folder, ...counts });
    await writeLine(session, `Wrote the conformity file to ${folder}`);
    for (const [name, rows] of Object.entries(counts)) await writeLine(session, `  ${name}: ${rows} rows`);
  });
  return 0;
};

/** Row by row: the record may be longer than memory. */
async function log(node: NodeApi, sql: string, file: string, signal: AbortSignal): Promise<number> {
  const { columns, rows } = await readRows(await node.sql({ sql, read_only: true }, signal));
  await using out = await open(file, 'wx', 0o600);
  let count = 0;
  for await (const row of rows) {
    await out.write(`${JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))}\n`);
    count++;
  }
  return count;
}

/** Use cases are a file of the deployer's: their words stay in their cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

function overview(
  status: NodeStatus,
  { use_cases: document, models }: AiDocumentation,
  counts: Readonly<Record<string, number>>,
  now: number,
): string {
  const threshold = (value: number | null): string => (value === null ? 'none' : String(value));
  return [
    '# Conformity file',
    '',
    `Written ${new Date(now).toISOString()} by Fractal ${status.version}, node ${status.node.id} (${status.node.name}).`,
    '',
    'Material for the technical documentation of a system that uses this node (Regulation (EU) 2024/1689, Articles 9 to 15',
    'and 49). It is not that documentation, and no declaration of conformity: purpose, risk management, validation on data',
    'of the deployer and registration are for provider and deployer to write. The risk classes are those of the file of use',
    'cases, which its deployer answers for. Duties for high-risk systems were moved to 2 December 2027 (Annex III) and',
    '2 August 2028 (Annex I); Article 50 applies since 2 August 2026.',
    '',
    '## Uses',
    '',
    '| use | risk | threshold | what for | oversight |',
    '|---|---|---|---|---|',
    ...Object.entries(document.use_cases).map(
      ([name, one]) =>
        `| ${name} | ${one.risk} | ${threshold(one.threshold)} | ${cell(one.doc)} | ${cell(one.oversight)} |`,
    ),
    '',
    '## Models',
    '',
    '| model | version | kind | runtime | SHA-256 | card |',
    '|---|---|---|---|---|---|',
    ...models.map(
      ({ id, version, kind, runtime, sha256, card }) =>
        `| ${id} | ${version} | ${kind} | ${runtime} | ${sha256 ?? 'not known: behind an endpoint'} | ${card === null ? 'none' : 'yes'} |`,
    ),
    '',
    'Figures of accuracy are in the model cards; this node holds none of its own.',
    '',
    '## Logs',
    '',
    'As policy shows them to whoever wrote this file; inputs are kept as hashes only.',
    '',
    ...Object.entries(counts).map(([name, rows]) => `- \`${name}\`: ${rows} rows`),
    '',
  ].join('\n');
}
