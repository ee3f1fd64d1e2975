import path from 'node:path';
import { ERROR_KINDS, unavailableError, usageError } from '../../base/index.ts';
import type { ModelDetail, ModelRequest, NodeApi, PullRequest } from '../../node/index.ts';
import { detailLines, renderTable } from '../output/models-table.ts';
import { oneLine } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run, type SessionOf } from '../session.ts';

type ModelsSession = SessionOf<'models'>;

export const runModels: Run<'models'> = async (session) => {
  const [action = 'list', target] = session.arguments;
  if (action === 'list') return await list(session);
  if (target === undefined)
    throw usageError(
      'usage.missing_argument',
      `\`fractal models ${action}\` needs ${action === 'add' ? 'a folder' : 'a name'}`,
      'Run `fractal help models`.',
    );
  if (action === 'show' || action === 'card') return await show(session, target, action);
  const model = await withNode(session, (node) =>
    action === 'pull'
      ? pull(session, node, target)
      : node.manageModel(requestOf(session, action, target), session.signal),
  );
  if (session.values.json) await writeJson(session, model);
  else await tell(session, action, model);
  return 0;
};

async function list(session: ModelsSession): Promise<number> {
  const models = await withNode(session, (node) => node.models());
  if (session.values.json) await writeJson(session, { models });
  else for (const line of renderTable(models)) await writeLine(session, line);
  return models.some(({ fault }) => fault !== null) ? ERROR_KINDS.unavailable.exit : 0;
}

async function show(session: ModelsSession, name: string, action: 'show' | 'card'): Promise<number> {
  const model = await withNode(session, (node) => node.model(name));
  if (session.values.json) await writeJson(session, model);
  else if (action === 'card' && model.card_text !== null)
    // Somebody else wrote it: nothing in it may steer the terminal.
    for (const line of model.card_text.trimEnd().split(/\r?\n/)) await writeLine(session, oneLine(line));
  else for (const line of detailLines(model)) await writeLine(session, line);
  if (action === 'card' && model.card_text === null && model.card === null)
    await note(session, `${model.name} came without a card.`);
  return 0;
}

function requestOf(session: ModelsSession, action: string, target: string): ModelRequest {
  if (action === 'add') return { action, folder: path.resolve(session.io.cwd, target) };
  return { action: action as Exclude<ModelRequest['action'], 'add'>, name: target };
}

async function pull(session: ModelsSession, node: NodeApi, name: string): Promise<ModelDetail> {
  const { from, 'allow-network': allowed } = session.values;
  const isAddress = from !== undefined && /^https?:/i.test(from);
  const request: PullRequest = {
    name,
    ...(from === undefined ? {} : { from: isAddress ? from : path.resolve(session.io.cwd, from) }),
    ...(allowed ? { allow_network: true } : {}),
  };
  for await (const event of node.pullModel(request, session.signal)) {
    if (event.type === 'model') return event.model;
    const { file, bytes, done, total } = event;
    await note(session, `${done + 1} of ${total}: ${oneLine(file)}, ${(bytes / 1e6).toFixed(1)} MB`);
  }
  throw unavailableError(
    'model.incomplete',
    'the download broke off',
    'Pull again: it goes on where it was.',
  );
}

const DONE: Readonly<Record<string, (model: ModelDetail) => string>> = {
  // One that is here already is not read again: what is said must be true of it, too.
  add: ({ name }) => `${name} is on this node`,
  pull: ({ name }) => `${name} is on this node`,
  use: ({ name }) => `${name} is used from the next start on`,
  pin: ({ name, sha256 }) => `${name} is pinned${sha256 === null ? '' : ` to ${sha256.slice(0, 12)}…`}`,
  unpin: ({ name }) => `${name} is no longer pinned`,
  remove: ({ name }) => `Removed ${name}`,
  verify: ({ name }) => `${name} is whole and loads`,
};

async function tell(session: ModelsSession, action: string, model: ModelDetail): Promise<void> {
  const said = DONE[action]?.(model);
  if (said !== undefined) await writeLine(session, said);
  else for (const line of detailLines(model)) await writeLine(session, line);
  if (action === 'add' || action === 'pull')
    await note(session, `Next: \`fractal models use ${model.name}\`.`);
  if (action === 'use' && model.kind === 'embedding')
    await note(session, 'Next: `fractal reindex`, because vectors of two models do not compare.');
}
