/**
 * The engine's plan as text: a line for each operator, those that feed it below it and further in. The engine's own
 * drawing breaks words to fit its boxes, so the secret name of a catalogue would stand there in parts that cannot be
 * told from the rest (rule D7); here every word is whole.
 */
import { withoutSecretNames } from '../../store/index.ts';

interface Operator {
  readonly name: string;
  readonly children: readonly Operator[];
  /** What the engine says of it: texts, or lists of them. */
  readonly extra_info: Readonly<Record<string, string | readonly string[]>>;
}

/** `json`: what `explain (format json)` answers. */
export function drawPlan(json: string): string {
  return (JSON.parse(json) as readonly Operator[]).flatMap((one) => lines(one, '')).join('\n');
}

interface RunOperator {
  readonly operator_name: string;
  readonly operator_cardinality: number;
  /** Seconds. */
  readonly operator_timing: number;
  readonly children: readonly RunOperator[];
  readonly extra_info: Operator['extra_info'];
}

/** `json`: what `explain (analyze, format json)` answers. Each operator is told with its rows and its own time. */
export function drawRun(json: string): string {
  const { children } = JSON.parse(json) as { readonly children: readonly RunOperator[] };
  // The outermost one is the explaining itself.
  return children.flatMap((one) => one.children.flatMap((run) => lines(asRun(run), ''))).join('\n');
}

const asRun = (run: RunOperator): Operator => ({
  name: run.operator_name,
  children: run.children.map(asRun),
  extra_info: {
    ...run.extra_info,
    Rows: String(run.operator_cardinality),
    Time: `${(run.operator_timing * 1000).toFixed(1)} ms`,
  },
});

function lines({ name, children, extra_info: info }: Operator, indent: string): string[] {
  const about = Object.entries(info)
    .map(([key, value]) => `${key}: ${[value].flat().join(', ')}`)
    .join('; ');
  const line = withoutSecretNames(`${name.trim()}${about === '' ? '' : ` [${about}]`}`);
  return [
    `${indent}${line.replaceAll(/\s*\n\s*/g, ' ')}`,
    ...children.flatMap((child) => lines(child, `${indent}  `)),
  ];
}
