/** The record of what models said: rows of `ai.inferences`, with the people in their outputs marked on arrival. */
import { badInputError, invariant, newId, type Clock, type Limits, type Random } from '../base/index.ts';
import type { Inference, InferenceLog, UseCases } from '../ai/index.ts';
import { PeopleMarker } from '../ingest/index.ts';
import { AI, SPANS_COLUMN } from '../schema/index.ts';
import type { Row, Store } from '../store/index.ts';

export interface StoredInferencesOptions {
  readonly store: Store;
  readonly useCases: UseCases;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
}

const { inferences: TABLE } = AI;

export class StoredInferences implements InferenceLog {
  readonly #options: StoredInferencesOptions;

  constructor(options: StoredInferencesOptions) {
    this.#options = options;
  }

  async record(inference: Inference): Promise<string> {
    const [id] = await this.recordAll([inference]);
    invariant(id !== undefined, 'an inference was recorded without an id');
    return id;
  }

  async recordAll(inferences: readonly Inference[]): Promise<readonly string[]> {
    const { store, clock, random } = this.#options;
    const made = inferences.map((inference) => {
      const id = newId(clock, random);
      return { id, inference, row: this.#row(id, inference) };
    });
    // A commit names one principal.
    for (const [principal, mine] of Map.groupBy(made, ({ inference }) => inference.principal))
      await store.transact(principal, (transaction) =>
        transaction.insert(
          TABLE,
          mine.map(({ row }) => row),
        ),
      );
    return made.map(({ id }) => id);
  }

  #row(id: string, inference: Inference): Row {
    const { limits, useCases, clock } = this.#options;
    const { use_case: useCase, model, output, confidence, site } = inference;
    if (Buffer.byteLength(output) > limits.inference_output_bytes)
      throw badInputError(
        'inference.size',
        `an answer of a model is larger than ${limits.inference_output_bytes} bytes and cannot be recorded`,
        'Ask for less at a time, or raise inference_output_bytes in fractal.json.',
      );
    const gate = useCases.gate(useCase, confidence);
    return marked({
      inference_id: id,
      region: site?.region ?? '',
      site_id: site?.site_id ?? '',
      use_case: useCase,
      risk: gate.risk,
      standing: gate.standing,
      threshold: gate.threshold,
      confidence,
      label: inference.label,
      warnings: inference.warnings ?? [],
      model_id: model.id,
      model_version: model.version,
      model_sha256: model.sha256,
      runtime: model.runtime,
      input_sha256: inference.input_sha256,
      output,
      evidence: inference.evidence,
      asked_by: inference.principal,
      asked_at: new Date(clock.now()).toISOString(),
      personal_spans: null,
    });
  }
}

/** The row with the people that its output names. */
function marked(row: Row): Row {
  const values = TABLE.columns.map(({ name }) => row[name] ?? null);
  PeopleMarker.for(TABLE)?.mark(values);
  return { ...row, [SPANS_COLUMN]: values[TABLE.columns.findIndex(({ name }) => name === SPANS_COLUMN)] };
}
