/**
 * Obligations on their way between threads: values without their names, and no sentence, which the provision has. A
 * third of what the objects would cost.
 */
import { METHOD, type Obligation, type ObligationInput } from './detect.ts';

export interface PackedObligations {
  /** How many there are in each provision. */
  readonly counts: readonly number[];
  /** Of each in turn the values of `FIELDS`. */
  readonly values: readonly unknown[];
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
  'spanStart',
  'spanEnd',
  'confidence',
] as const satisfies readonly (keyof Obligation)[];

export function packed(found: readonly (readonly Obligation[])[]): PackedObligations {
  const values: unknown[] = [];
  for (const obligations of found)
    for (const obligation of obligations) for (const field of FIELDS) values.push(obligation[field]);
  return { counts: found.map((obligations) => obligations.length), values };
}

/** `inputs` are the provisions they were found in. */
export function unpacked(
  { counts, values }: PackedObligations,
  inputs: readonly ObligationInput[],
): readonly (readonly Obligation[])[] {
  let at = 0;
  return inputs.map(({ text }, i) =>
    Array.from({ length: counts[i] ?? 0 }, (): Obligation => {
      const parts: Partial<Record<keyof Obligation, unknown>> = {};
      for (const field of FIELDS) parts[field] = values[at++];
      const found = parts as Omit<Obligation, 'sentence' | 'method'>;
      return { ...found, sentence: text.slice(found.spanStart, found.spanEnd), method: METHOD };
    }),
  );
}
