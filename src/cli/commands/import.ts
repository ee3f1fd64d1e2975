import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ERROR_KINDS, FIXED_LIMITS, FractalError, badInputError } from '../../base/index.ts';
import type { ImportEvent, ImportRequest, ImportResult, NodeApi } from '../../node/index.ts';
import { nameOrPath } from './mappings.ts';
import { Progress } from '../output/progress.ts';
import { countText, durationText, oneLine, padTo, plural } from '../output/text.ts';
import { errorText } from '../report-error.ts';
import { fetchOptions, wordOf } from '../source-words.ts';
import { note, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runImport: Run<'import'> = async (session) => {
  const { values, io } = session;
  const request: ImportRequest = {
    paths: session.arguments.map((word) => wordOf(word, io.cwd)),
    ...(values.kind === undefined ? {} : { kind: values.kind }),
    ...(values.jurisdiction === undefined ? {} : { jurisdiction: values.jurisdiction }),
    ...(values.mapping === undefined ? {} : mappingOf(values.mapping, io.cwd)),
    ...(values['in-force-from'] === undefined ? {} : { in_force_from: values['in-force-from'] }),
    ...fetchOptions(values),
  };
  const totals = await withNode(session, (node) => importInto(session, node, request));
  return totals.faulty > 0 ? ERROR_KINDS.bad_input.exit : 0;
};

/** A mapping by name, or the text of a file: a running node need not be able to read it. */
function mappingOf(word: string, cwd: string): Pick<ImportRequest, 'mapping' | 'mapping_text'> {
  const mapping = nameOrPath(word, cwd);
  if (!path.isAbsolute(mapping)) return { mapping };
  const most = FIXED_LIMITS.mapping_bytes.value;
  if (statSync(mapping).size > most)
    throw badInputError('limit.mapping_bytes', `a mapping has at most ${most} bytes`, 'Give a mapping.', {
      place: { source: mapping },
    });
  return { mapping, mapping_text: readFileSync(mapping, 'utf8') };
}

export interface ImportTotals {
  added: number;
  updated: number;
  unchanged: number;
  rejected: number;
  /** Sources rejected, or kept in part. */
  faulty: number;
  sections: number;
  records: number;
}

/** Imports and shows what happens. Also what `demo` does with the sample. */
export async function importInto(
  session: Session,
  node: NodeApi,
  request: ImportRequest,
): Promise<ImportTotals> {
  return await showImport(session, (signal) => node.import(request, signal));
}

/** Shows what an import tells, as it comes. */
export async function showImport(
  session: Session,
  begin: (signal: AbortSignal) => AsyncIterable<ImportEvent>,
): Promise<ImportTotals> {
  const { io, signal, values } = session;
  const progress = new Progress(io.stderr, io.clock);
  const start = io.clock.monotonic();
  const totals: ImportTotals = {
    added: 0,
    updated: 0,
    unchanged: 0,
    rejected: 0,
    faulty: 0,
    sections: 0,
    records: 0,
  };
  try {
    for await (const event of begin(signal)) {
      if (event.type === 'progress') {
        if (!values.quiet)
          await progress.show({ ...event, unit: 'files', detail: plural(event.sections, 'section') });
        continue;
      }
      const { result } = event;
      totals[result.status]++;
      if (result.error !== undefined) totals.faulty++;
      totals.sections += result.sections;
      totals.records += result.records;
      await progress.clear();
      await showResult(session, result);
    }
    signal.throwIfAborted();
  } catch (error) {
    await progress.clear();
    if (signal.aborted) await note(session, `stopped: ${summary(totals)}; give the command again to go on`);
    throw error;
  }
  await progress.clear();
  if (!values.json && !values.quiet)
    await writeLine(session, `${summary(totals)} in ${durationText(io.clock.monotonic() - start)}`);
  return totals;
}

async function showResult(session: Session, result: ImportResult): Promise<void> {
  const { io, values, style } = session;
  if (values.json) return writeJson(session, result);
  const isBad = result.status === 'rejected';
  if (values.quiet && !isBad) return;
  const source = path.isAbsolute(result.source) ? nearPath(result.source, io.cwd) : result.source;
  const paint = isBad ? style.red : result.status === 'unchanged' ? style.dim : style.green;
  const amount = result.records > 0 ? plural(result.records, 'record') : plural(result.sections, 'section');
  await writeLine(
    session,
    `${paint(padTo(result.status, 9, 'left'))}  ${padTo(isBad ? '' : amount, 16, 'right')}  ${oneLine(source)}`,
  );
  for (const warning of result.warnings)
    await writeLine(session, style.yellow(`           warning: ${oneLine(warning)}`));
  if (result.error !== undefined)
    for (const line of errorText(FractalError.fromProblem(result.error)))
      await writeLine(session, `           ${line}`);
}

/** Relative where that is shorter to read. */
function nearPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

function summary(totals: ImportTotals): string {
  const parts = (['added', 'updated', 'unchanged', 'rejected'] as const)
    .filter((status) => totals[status] > 0)
    .map((status) => `${countText(totals[status])} ${status}`);
  const amounts = [plural(totals.sections, 'section')];
  if (totals.records > 0) amounts.push(plural(totals.records, 'record'));
  return `${parts.length === 0 ? 'nothing found to import' : parts.join(', ')} (${amounts.join(', ')})`;
}
