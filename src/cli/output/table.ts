/**
 * Rows as an aligned table that streams: widths are taken from the first rows, later cells are cut to them, so that a
 * million rows need no more memory than a few hundred.
 */
import type { Style } from './style.ts';
import { cut, oneLine, padTo, widthOf } from './text.ts';

export interface TableColumn {
  readonly name: string;
  /** Shown below the name, when given. */
  readonly type?: string;
  readonly align: 'left' | 'right';
}

export interface TableOptions {
  readonly style: Style;
  /** Columns of the terminal; undefined when the output is not one. */
  readonly width: number | undefined;
}

export const SAMPLE_ROWS = 256;
const CELL_WIDTH_MAX = 80;
const CELL_WIDTH_MIN = 6;
const GAP = '  ';

/** Header and rows as lines. */
export async function* tableLines(
  columns: readonly TableColumn[],
  rows: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  options: TableOptions,
): AsyncGenerator<string> {
  const sample: string[][] = [];
  let widths: number[] | undefined;
  for await (const row of rows) {
    const cells = row.map(oneLine);
    if (widths === undefined) {
      sample.push(cells);
      if (sample.length < SAMPLE_ROWS) continue;
      widths = fit(columns, sample, options.width);
      yield* head(columns, widths, options.style);
      for (const early of sample) yield line(columns, widths, early);
    } else yield line(columns, widths, cells);
  }
  if (widths !== undefined) return;
  widths = fit(columns, sample, options.width);
  yield* head(columns, widths, options.style);
  for (const early of sample) yield line(columns, widths, early);
}

/** Natural widths, then the widest column gives way until all fit. */
function fit(
  columns: readonly TableColumn[],
  sample: readonly string[][],
  width: number | undefined,
): number[] {
  const widths = columns.map((column, index) =>
    Math.min(
      CELL_WIDTH_MAX,
      sample.reduce(
        (most, row) => Math.max(most, widthOf(row[index] ?? '')),
        Math.max(widthOf(oneLine(column.name)), widthOf(column.type ?? ''), 1),
      ),
    ),
  );
  if (width === undefined) return widths;
  let excess = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1) - width;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= CELL_WIDTH_MIN) break;
    const index = widths.indexOf(widest);
    const next = Math.max(...widths.filter((_, other) => other !== index), CELL_WIDTH_MIN);
    const step = Math.min(excess, Math.max(widest - next, 1));
    widths[index] = widest - step;
    excess -= step;
  }
  return widths;
}

function* head(columns: readonly TableColumn[], widths: readonly number[], style: Style): Generator<string> {
  yield style.bold(
    line(
      columns,
      widths,
      columns.map((column) => oneLine(column.name)),
    ),
  );
  if (columns.some((column) => column.type !== undefined))
    yield style.dim(
      line(
        columns,
        widths,
        columns.map((column) => oneLine(column.type ?? '')),
      ),
    );
  yield style.dim(widths.map((width) => '─'.repeat(width)).join(GAP));
}

function line(columns: readonly TableColumn[], widths: readonly number[], cells: readonly string[]): string {
  return columns
    .map((column, index) => {
      const width = widths[index] ?? 0;
      return padTo(cut(cells[index] ?? '', width), width, column.align);
    })
    .join(GAP)
    .trimEnd();
}
