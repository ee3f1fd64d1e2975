/** Classification as the node offers it: texts of the caller, or stored incidents as the caller may read them. */
import {
  badInputError,
  deniedError,
  invariant,
  notFoundError,
  sha256,
  today,
  usageError,
} from '../base/index.ts';
import {
  SEVERITIES,
  likenessToLabels,
  severityOf,
  type ClassifierFolder,
  type Inference,
  type Taxonomy,
} from '../ai/index.ts';
import { viewQuery, type AccessPolicy, type Principal } from '../query/index.ts';
import { demand } from './access.ts';
import type { Classification, ClassifyAnswer, ClassifyRequest } from './classify-api.ts';
import { regulationsFor } from './regulations.ts';
import type { NodeParts } from './parts.ts';

/** What a machine said is marked with. */
const LABEL = 'AI-classified';
export const UNSURE = 'unsure';
/** Fewer words than this tell of no incident. */
const WORDS_MIN = 3;
/** Said beside every answer about labels of the caller's own. */
const ZERO_SHOT_BADGE =
  'zero-shot: likeness of words by the embedding model, no trained classifier; scores are cosines, not chances';
const SHORT_BADGE = 'too few words to tell';

/** One text with where it comes from. */
interface Input {
  readonly text: string;
  readonly incident?: string;
  readonly site?: { readonly site_id: string; readonly region: string };
}

type Said = Omit<Classification, 'inference_id'> & { readonly confidence: number | null };

export class Classifications {
  readonly #parts: NodeParts;
  readonly #principal: Principal;
  readonly #policy: AccessPolicy;

  constructor(parts: NodeParts, principal: Principal, policy: AccessPolicy) {
    this.#parts = parts;
    this.#principal = principal;
    this.#policy = policy;
  }

  async classify(request: ClassifyRequest, signal?: AbortSignal): Promise<ClassifyAnswer> {
    demand(this.#policy, this.#principal, 'infer');
    const inputs = await this.#inputs(request);
    const { labels } = request;
    const told =
      labels === undefined
        ? await this.#byTaxonomy(inputs, request.taxonomy, signal)
        : await this.#byLikeness(inputs, this.#labels(request, labels), signal);
    const said = request.regulations === true ? await this.#withLaw(told, inputs, request.at, signal) : told;
    const ids = await this.#parts.inferences.recordAll(
      said.map((one) => this.#inference(one, inputs[one.index])),
    );
    return {
      results: said.map(({ confidence: _, ...one }, i) => ({ ...one, inference_id: ids[i] ?? '' })),
    };
  }

  async #inputs({ texts = [], incidents = [] }: ClassifyRequest): Promise<Input[]> {
    const { classify_texts: most } = this.#parts.limits;
    if (texts.length + incidents.length === 0)
      throw usageError(
        'classify.nothing',
        'there is nothing to classify',
        'Give a text, or an incident with --incident.',
      );
    if (texts.length + incidents.length > most)
      throw badInputError(
        'classify.size',
        `more than ${most} texts in one request`,
        'Ask for fewer at a time.',
      );
    if (texts.some((text) => text.trim() === ''))
      throw badInputError('classify.empty', 'a text is empty', 'Give the narrative of an incident.');
    return [...texts.map((text) => ({ text })), ...(await this.#incidents(incidents))];
  }

  /** Narratives of stored incidents, as policy shows them to the caller: masked where it masks. */
  async #incidents(ids: readonly string[]): Promise<Input[]> {
    if (ids.length === 0) return [];
    const table = this.#policy
      .scope(this.#principal)
      .tables.find(({ schema, name }) => schema === 'esh' && name === 'incidents');
    const needed = ['incident_id', 'site_id', 'region', 'narrative'];
    if (table === undefined || !needed.every((name) => table.columns.some((column) => column.name === name)))
      throw deniedError(
        'policy.denied',
        `${this.#principal.id} may not read the narratives of incidents`,
        'Ask an administrator for the right.',
      );
    const rows = await this.#parts.store.rows<
      Record<'incident_id' | 'site_id' | 'region', string> & { narrative: string | null }
    >(
      `select ${needed.join(', ')} from (${viewQuery(table, '')}) where list_contains($1::varchar[], incident_id)`,
      [[...new Set(ids)]],
    );
    const found = new Map(rows.map((row) => [row.incident_id, row]));
    return ids.map((id) => {
      const row = found.get(id);
      // The same for an incident that is hidden, whose narrative is hidden, and that is not there.
      if (row?.narrative == null || row.narrative.trim() === '')
        throw notFoundError(
          'incident.unknown',
          'there is no such incident with a narrative',
          "`fractal sql 'select incident_id from esh.incidents'` lists them.",
        );
      return {
        text: row.narrative,
        incident: id,
        site: { site_id: row.site_id, region: row.region },
      };
    });
  }

  /** By the model, by words, or by both. */
  async #byTaxonomy(
    inputs: readonly Input[],
    name = 'event',
    signal: AbortSignal | undefined,
  ): Promise<Said[]> {
    const { taxonomies } = name === SEVERITY ? { taxonomies: [] } : this.#parts.classifier.demand();
    const chosen = name === 'all' ? taxonomies : taxonomies.filter((taxonomy) => taxonomy.name === name);
    const severities = name === 'all' || name === SEVERITY;
    if (chosen.length === 0 && !severities)
      throw notFoundError(
        'taxonomy.unknown',
        'there is no taxonomy of that name',
        `Taxonomies: ${taxonomies.map((taxonomy) => taxonomy.name).join(', ')}, ${SEVERITY}, or all.`,
      );
    const found = chosen.length === 0 ? [] : await this.#byModel(inputs, chosen, signal);
    const told = severities ? inputs.map(severitySaid) : [];
    return inputs.flatMap((_, i) => [...found, ...told].filter(({ index }) => index === i));
  }

  /** The provisions come once for each text, with its first answer. */
  async #withLaw(
    told: readonly Said[],
    inputs: readonly Input[],
    at: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Said[]> {
    const day = at ?? today(this.#parts.outside.clock);
    const texts = inputs.map(({ text }) => text);
    const near = await regulationsFor(this.#parts, this.#principal, this.#policy, texts, day, signal);
    return told.map((one, i) =>
      told.findIndex(({ index }) => index === one.index) === i
        ? { ...one, regulations: near[one.index] ?? [] }
        : one,
    );
  }

  #labels({ taxonomy }: ClassifyRequest, labels: readonly string[]): readonly string[] {
    const { classify_labels: most } = this.#parts.limits;
    if (taxonomy !== undefined)
      throw usageError(
        'classify.both',
        'a taxonomy has labels of its own',
        'Give --taxonomy or --labels, not both.',
      );
    const named = [...new Set(labels.map((label) => label.trim()))];
    if (named.length < 2 || named.length > most || named.includes(''))
      throw badInputError(
        'classify.labels',
        `labels must be 2 to ${most} different words or phrases`,
        'Name them, separated by commas.',
      );
    return named;
  }

  async #byModel(
    inputs: readonly Input[],
    taxonomies: readonly Taxonomy[],
    signal: AbortSignal | undefined,
  ): Promise<Said[]> {
    const classifier = this.#parts.classifier.demand();
    const { id, version } = classifier.model.manifest;
    const found = await classifier.classify(
      inputs.map(({ text }) => text),
      signal,
    );
    return inputs.flatMap((input, index) =>
      taxonomies.map((taxonomy) => {
        const labels = ranked(taxonomy.labels, found[index]?.get(taxonomy.name) ?? []);
        const best = labels[0];
        invariant(best !== undefined, 'a taxonomy has no labels');
        const short = (input.text.match(/[\p{L}\p{N}]+/gu) ?? []).length < WORDS_MIN;
        const { standing } = this.#parts.useCases.gate('classify', best.score);
        const sure = !short && best.score >= taxonomy.threshold && standing !== 'below-threshold';
        return {
          ...whereFrom(input, index),
          taxonomy: taxonomy.name,
          verdict: sure ? best.category : UNSURE,
          labels,
          threshold: taxonomy.threshold,
          label: LABEL,
          badge: short ? SHORT_BADGE : (taxonomy.caution ?? null),
          model: `${id} ${version}`,
          confidence: short ? null : best.score,
        };
      }),
    );
  }

  async #byLikeness(
    inputs: readonly Input[],
    labels: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Said[]> {
    const { embedder } = this.#parts;
    const texts = inputs.map(({ text }) => text);
    const found = await likenessToLabels(embedder, texts, labels, signal);
    return inputs.map((input, index) => ({
      ...whereFrom(input, index),
      taxonomy: null,
      // A cosine says nothing of how often it is right: the nearest label stands first, and nothing is recommended.
      verdict: UNSURE,
      labels: ranked(labels, found[index] ?? []),
      threshold: null,
      label: LABEL,
      badge: ZERO_SHOT_BADGE,
      model: `${embedder.model.id} ${embedder.model.version}`,
      confidence: null,
    }));
  }

  #inference(said: Said, input: Input | undefined): Inference {
    const { classifier, embedder } = this.#parts;
    const model =
      said.taxonomy === null
        ? embedder.model
        : said.taxonomy === SEVERITY
          ? { id: RULES, version: RULES_VERSION, sha256: null }
          : identity(classifier.demand().model);
    return {
      use_case: 'classify',
      model: {
        id: model.id,
        version: model.version,
        sha256: model.sha256,
        runtime: said.taxonomy === SEVERITY ? 'rules' : 'onnx',
      },
      input_sha256: sha256(input?.text ?? ''),
      output: JSON.stringify({
        taxonomy: said.taxonomy,
        verdict: said.verdict,
        labels: said.labels,
        ...(said.regulations === undefined
          ? {}
          : { regulations: said.regulations.map(({ section_id }) => section_id) }),
      }),
      confidence: said.confidence,
      evidence: input?.incident === undefined ? [] : [`esh.incidents:${input.incident}`],
      principal: this.#principal.id,
      label: said.label,
      warnings: said.badge === null ? [] : [said.badge],
      ...(input?.site === undefined ? {} : { site: input.site }),
    };
  }
}

const SEVERITY = 'severity';
const RULES = 'severity-words';
const RULES_VERSION = '1.0.0';
const SEVERITY_BADGE = 'by words of the narrative, no trained model; 1 means said, no chance';

/** The worst that the words say of a person; `unsure` when they say nothing. */
function severitySaid(input: Input, index: number): Said {
  const found = severityOf(input.text);
  return {
    ...whereFrom(input, index),
    taxonomy: SEVERITY,
    verdict: found?.severity ?? UNSURE,
    labels: ranked(
      SEVERITIES,
      SEVERITIES.map((name) => (name === found?.severity ? 1 : 0)),
    ),
    threshold: null,
    label: LABEL,
    badge: SEVERITY_BADGE,
    model: `${RULES} ${RULES_VERSION}`,
    confidence: null,
    ...(found === undefined
      ? {}
      : {
          evidence: { start: found.start, end: found.end, text: input.text.slice(found.start, found.end) },
        }),
  };
}

const whereFrom = (input: Input, index: number): Pick<Classification, 'index' | 'incident'> => ({
  index,
  incident: input.incident ?? null,
});

/** Best first. */
const ranked = (labels: readonly string[], scores: readonly number[]): Classification['labels'] =>
  labels
    .map((category, i) => ({ category, score: scores[i] ?? 0 }))
    .sort((a, b) => b.score - a.score || (a.category < b.category ? -1 : 1));

const identity = ({ manifest, sha256 }: ClassifierFolder): ModelIdentity => ({
  id: manifest.id,
  version: manifest.version,
  sha256,
});
interface ModelIdentity {
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
}
