/** What an import says while it runs. */
import path from 'node:path';
import { FractalError } from '../../base/index.ts';
import type { ImportEvent, ImportResult } from '../../node/index.ts';
import { Progress } from '../output/progress.ts';
import { countText, durationText, oneLine, padTo, plural } from '../output/text.ts';
import { errorText } from '../report-error.ts';
import { note, writeJson, writeLine, type Session } from '../session.ts';

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

/** Shows the events of a job until they end. `goOn` says how to go on after Ctrl-C. */
export async function showEvents(
  session: Session,
  events: AsyncIterable<ImportEvent>,
  goOn: string,
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
    for await (const event of events) {
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
    if (signal.aborted) await note(session, `stopped: ${summary(totals)}; ${goOn}`);
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
export function nearPath(file: string, cwd: string): string {
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
