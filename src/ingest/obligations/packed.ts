/**
 * Obligations on their way between threads: values without their names, and no sentence, which the provision has. A
 * third of what the objects would cost.
 */
import { METHOD, type Evidence, type Obligation, type ObligationInput } from './detect.ts';

export interface PackedObligations {
  /** How many there are in each provision. */
  readonly counts: readonly number[];
  /** Of each in turn the values of `FIELDS`. */
  readonly values: readonly unknown[];
  /** Of each in turn how many places of evidence it has, then part and name, and in `numbers` source, start and end. */
  readonly evidence: readonly (number | string)[];
  readonly numbers: Int32Array;
}

const FIELDS = [
  'modality',
  'addressee',
  'action',
  'object',
  'condition',
  'threshold',
  'deadline',
  'exception',
  'quantity',
  'spanStart',
  'spanEnd',
  'confidence',
] as const satisfies readonly (keyof Obligation)[];

export function packed(found: readonly (readonly Obligation[])[]): PackedObligations {
  const values: unknown[] = [];
  const evidence: (number | string)[] = [];
  const numbers: number[] = [];
  for (const obligation of found.flat()) {
    for (const field of FIELDS) values.push(obligation[field]);
    evidence.push(obligation.evidence.length);
    for (const { part, name, source, start, end } of obligation.evidence) {
      evidence.push(part, name);
      numbers.push(source, start, end);
    }
  }
  return {
    counts: found.map((obligations) => obligations.length),
    values,
    evidence,
    numbers: Int32Array.from(numbers),
  };
}

/** `inputs` are the provisions they were found in. */
export function unpacked(
  { counts, values, evidence, numbers }: PackedObligations,
  inputs: readonly ObligationInput[],
): readonly (readonly Obligation[])[] {
  let at = 0;
  let told = 0;
  let place = 0;
  const nextEvidence = (): Evidence => ({
    part: evidence[told++] as Evidence['part'],
    name: evidence[told++] as string,
    source: numbers[place++] ?? 0,
    start: numbers[place++] ?? 0,
    end: numbers[place++] ?? 0,
  });
  return inputs.map(({ text }, i) =>
    Array.from({ length: counts[i] ?? 0 }, (): Obligation => {
      const parts: Partial<Record<keyof Obligation, unknown>> = {};
      for (const field of FIELDS) parts[field] = values[at++];
      const found = parts as Omit<Obligation, 'sentence' | 'method' | 'evidence'>;
      const places = evidence[told++] as number;
      return {
        ...found,
        evidence: Array.from({ length: places }, nextEvidence),
        sentence: text.slice(found.spanStart, found.spanEnd),
        method: METHOD,
      };
    }),
  );
}
