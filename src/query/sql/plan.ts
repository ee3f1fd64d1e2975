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
