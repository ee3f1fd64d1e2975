/**
 * From what answers are made, and making them again. The record lies in the audit log and holds hashes and versions only,
 * so whoever wants an answer again gives the same request again. Hashes are keyed: only this node can compare them.
 */
import { commitReport, type AuditEntry } from '../audit/index.ts';
import { FractalError, today } from '../base/index.ts';
import { ASK_K, EXTRACTIVE, type AskAnswer, type AskEvent, type AskRequest } from '../ai/index.ts';
import type { Principal } from '../query/index.ts';
import type { AuditValue } from '../schema/index.ts';
import { demand, type NodePolicy } from './access.ts';
import type {
  CheckRequest,
  LawDiff,
  LawDiffRequest,
  LawObligations,
  LawObligationsRequest,
  ListedCheck,
  SiteCheck,
} from './api.ts';
import { askNode } from './ask.ts';
import type { ReplayAnswer, ReplayReason, ReplayRequest } from './audit-api.ts';
import type { ClassifyAnswer, ClassifyRequest } from './classify-api.ts';
import { Classifications } from './classify.ts';
import { LawQuestions } from './law.ts';
import { findAnswer } from './find-answer.ts';
import type { NodeParts } from './parts.ts';
import { SiteChecks } from './site-checks.ts';
import { VERSION } from './status.ts';

/** What can be made again: its request, and its answer. */
interface Kinds {
  readonly ask: { readonly request: AskRequest; readonly answer: AskAnswer };
  readonly classify: { readonly request: ClassifyRequest; readonly answer: ClassifyAnswer };
  readonly check: { readonly request: CheckRequest; readonly answer: SiteCheck };
  readonly check_all: {
    readonly request: Omit<CheckRequest, 'site'>;
    readonly answer: readonly ListedCheck[];
  };
  readonly law_diff: { readonly request: LawDiffRequest; readonly answer: LawDiff };
  readonly law_obligations: { readonly request: LawObligationsRequest; readonly answer: LawObligations };
}

export type MadeKind = keyof Kinds;
export type MadeRequest<K extends MadeKind> = Kinds[K]['request'];
export type MadeAnswer<K extends MadeKind> = Kinds[K]['answer'];

interface Maker<K extends MadeKind> {
  /** Of the entry that ends the call. */
  readonly event: string;
  /** What of the request today stands for when it is absent. */
  readonly day: 'at' | 'to';
  models(parts: NodeParts, request: MadeRequest<K>): Promise<readonly ModelRef[]>;
  make(asking: Asking, request: MadeRequest<K>, signal: AbortSignal): Promise<MadeAnswer<K> | undefined>;
}

const NO_MODEL = (): Promise<readonly ModelRef[]> => Promise.resolve([]);

const MAKERS: { readonly [K in MadeKind]: Maker<K> } = {
  ask: {
    event: 'inference.ask',
    day: 'at',
    models: async ({ embedder, generators }, { model }) => {
      const generator = model === EXTRACTIVE ? undefined : await generators.find(model);
      return [embedder.model, ...(generator === undefined ? [] : [generator.model])];
    },
    make: async ({ parts, policy, principal }, request, signal) => {
      let last: AskEvent | undefined;
      for await (const event of askNode(parts, principal, policy, request, signal)) last = event;
      return last?.type === 'answer' ? last.answer : undefined;
    },
  },
  classify: {
    event: 'inference.classify',
    day: 'at',
    models: ({ classifier: { model }, embedder }) =>
      Promise.resolve([
        ...(model === undefined ? [] : [{ ...model.manifest, sha256: model.sha256 }]),
        embedder.model,
      ]),
    make: ({ parts, policy, principal }, request, signal) =>
      new Classifications(parts, principal, policy).classify(request, signal),
  },
  check: {
    event: 'access.check',
    day: 'at',
    models: NO_MODEL,
    make: ({ parts, policy, principal }, request) => new SiteChecks(parts, principal, policy).check(request),
  },
  check_all: {
    event: 'access.check-all',
    day: 'at',
    models: NO_MODEL,
    make: ({ parts, policy, principal }, request) =>
      new SiteChecks(parts, principal, policy).checkAll(request),
  },
  law_diff: {
    event: 'access.law-diff',
    day: 'to',
    models: NO_MODEL,
    make: ({ parts, policy, principal }, request, signal) =>
      new LawQuestions(parts, principal, policy).diff(request, signal),
  },
  law_obligations: {
    event: 'access.law-obligations',
    day: 'at',
    models: NO_MODEL,
    make: ({ parts, policy, principal }, request, signal) =>
      new LawQuestions(parts, principal, policy).obligations(request, signal),
  },
};

const KINDS = Object.keys(MAKERS) as MadeKind[];
const kindOf = (event: string): MadeKind | undefined => KINDS.find((kind) => MAKERS[kind].event === event);

/** Of what salts are told apart by: no two answers share one. */
const REPORT_ID_BYTES = 16;

/** The record of one answer, as the audit log holds it under `made_from`. */
interface MadeFrom {
  /** Last commit before it was made. */
  readonly data_version: number;
  /** Version and SHA-256 of the policy's document. */
  readonly policy: string;
  readonly app_version: string;
  /** The day that stood for today. */
  readonly day: string;
  /** `ID VERSION SHA256` of each model that was at hand. */
  readonly models: readonly string[];
  readonly request_hash: string;
  readonly answer_hash: string;
  /** Of the whole answer, to be opened for an outsider: see `report-proof.ts`. */
  readonly report_id: string;
  readonly report_commitment: string;
}

/** Who asks a node, with what it is made of. */
export interface Asking {
  readonly parts: NodeParts;
  readonly policy: NodePolicy;
  readonly principal: Principal;
}

/** An answer that is being made: what holds before it, and its record after it. */
export class Making<K extends MadeKind> {
  /** What was asked, with its day: midnight may pass between the record and the answer. */
  readonly request: MadeRequest<K>;
  readonly #asking: Asking;
  readonly #kind: K;
  readonly #asked: MadeRequest<K>;
  readonly #day: string;
  readonly #version: number;

  constructor(asking: Asking, kind: K, asked: MadeRequest<K>, day = today(asking.parts.outside.clock)) {
    this.#asking = asking;
    this.#kind = kind;
    this.#asked = asked;
    this.#day = day;
    this.#version = Number(asking.parts.store.commitVersion);
    this.request = { [MAKERS[kind].day]: day, ...asked };
  }

  /** Undefined when there is none. */
  async answer(signal: AbortSignal): Promise<MadeAnswer<K> | undefined> {
    return await MAKERS[this.#kind].make(this.#asking, this.request, signal);
  }

  async from(answer: MadeAnswer<K>): Promise<MadeFrom> {
    const { parts, policy, principal } = this.#asking;
    const { keyed } = parts.audit.recorder.options;
    const models = await MAKERS[this.#kind].models(parts, this.#asked);
    const id = Buffer.from(parts.outside.random.bytes(REPORT_ID_BYTES)).toString('hex');
    const salt = parts.audit.log.options.keys.saltOf(id);
    return {
      data_version: this.#version,
      policy: policy.nameFor(principal),
      app_version: VERSION,
      day: this.#day,
      models: models.map(modelText),
      request_hash: keyed(requestText(this.#asked)),
      answer_hash: keyed(canonical(answer)),
      report_id: id,
      report_commitment: await commitReport(salt, reportText(answer)),
    };
  }
}

/** The same for the log. */
export const asDetail = (made: MadeFrom): Readonly<Record<string, AuditValue>> => ({
  made_from: { ...made, models: [...made.models] },
});

interface ModelRef {
  readonly id: string;
  readonly version: string;
  readonly sha256: string | null;
}

const modelText = ({ id, version, sha256 }: ModelRef): string => `${id} ${version} ${sha256 ?? '-'}`;

/** Ids of records differ each time. */
const VOLATILE = new Set(['inference_id']);

/** JSON with sorted names. */
export const reportText = (value: unknown): string =>
  JSON.stringify(value, (_name, one: unknown) => sorted(one));

/** The same without what differs each time. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (name, one: unknown) => (VOLATILE.has(name) ? undefined : sorted(one)));

function sorted(one: unknown): unknown {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
  return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is absent, off, empty or the default says the same. */
function requestText(request: object): string {
  const said = Object.entries(request).filter(
    ([name, one]) =>
      one !== undefined &&
      one !== false &&
      !(Array.isArray(one) && one.length === 0) &&
      !(name === 'k' && one === ASK_K),
  );
  return canonical(Object.fromEntries(said));
}

/** `actAs`: the principal that the caller may replay as, given who asked. Throws what the call itself throws for want of a right. */
export async function replay(
  caller: Asking,
  actAs: (who: string) => Promise<Principal>,
  { id, input }: ReplayRequest,
  signal: AbortSignal,
): Promise<ReplayAnswer> {
  demand(caller.policy, caller.principal, 'audit');
  const found = await findAnswer(caller.parts, id);
  const { entry } = found;
  const kind = entry === undefined ? undefined : kindOf(entry.event_type);
  const told = {
    entry: found.id,
    kind: kind ?? null,
    asked_by: entry?.actor_id ?? null,
    replayed_as: caller.principal.id,
  };
  const not = (code: ReplayReason['code'], text: string): ReplayAnswer => ({
    ...told,
    verdict: 'not_replayable',
    reasons: [{ code, text }],
  });
  if (entry === undefined) return not('expired', 'the text of the entry is gone by retention');
  if (kind === undefined) return not('kind', `only these can be made again: ${KINDS.join(', ')}`);
  const then = entry.detail['made_from'] as unknown as MadeFrom | undefined;
  if (then === undefined)
    return not('record', 'the call did not end with an answer, or kept no record of it');
  if (input === undefined) return not('input', 'the log holds no request in clear: give the same one again');
  if (caller.parts.audit.recorder.options.keyed(requestText(input)) !== then.request_hash)
    return not('input_differs', 'this is not the request that was answered then');
  const principal = await actAs(entry.actor_id);
  const asking = { ...caller, principal, parts: marked(caller, found.id) };
  // Its hash is that of a request that this node took: its shape needs no second check.
  const making = new Making(asking, kind, input, then.day);
  const as = { ...told, replayed_as: principal.id };
  let now: MadeFrom | undefined;
  try {
    // Nobody is told it, only its hash is compared.
    const answer = await making.answer(signal);
    now = answer === undefined ? undefined : await making.from(answer);
  } catch (error) {
    if (!(error instanceof FractalError) || error.kind === 'denied' || signal.aborted) throw error;
    return { ...not('failed', `the call fails now: ${error.code}`), replayed_as: principal.id };
  }
  if (now === undefined) return not('failed', 'the call gives no answer now');
  if (now.answer_hash === then.answer_hash) return { ...as, verdict: 'identical', reasons: [] };
  const reasons = await reasonsOf(caller.parts, entry, principal, then, now);
  return { ...as, verdict: 'different', reasons };
}

/** Its inferences say that they are no answer to anybody. */
function marked({ parts, principal }: Asking, entry: number): NodeParts {
  const note = `replay of audit entry ${entry}, by ${principal.id}`;
  const { inferences } = parts;
  const mark = <T extends { readonly warnings?: readonly string[] }>(one: T): T => ({
    ...one,
    warnings: [...(one.warnings ?? []), note],
  });
  return {
    ...parts,
    inferences: {
      record: (one) => inferences.record(mark(one)),
      recordAll: (all) => inferences.recordAll(all.map(mark)),
    },
  };
}

async function reasonsOf(
  { store }: NodeParts,
  entry: AuditEntry,
  principal: Principal,
  then: MadeFrom,
  now: MadeFrom,
): Promise<ReplayReason[]> {
  const reasons: ReplayReason[] = [];
  // Records of inferences, users and the like are commits too, and are nothing that an answer is made from.
  const [changed] = await store.rows<{ n: number }>(
    `select count(*)::integer as n from node.commits where commit_version > $1
     and len(list_filter(tables, t -> starts_with(t, 'law.') or starts_with(t, 'esh.'))) > 0`,
    [BigInt(then.data_version)],
  );
  if ((changed?.n ?? 0) > 0)
    reasons.push({ code: 'data', text: `${changed?.n} commits changed law or records since` });
  const was = (code: ReplayReason['code'], what: string, a: string, b: string): void => {
    if (a !== b) reasons.push({ code, text: `${what} was ${a}, is ${b}` });
  };
  was('policy', 'the policy', then.policy, now.policy);
  was('model', 'the models', then.models.join(', '), now.models.join(', '));
  was('node', 'the version of the node', then.app_version, now.app_version);
  if (principal.id !== entry.actor_id)
    reasons.push({ code: 'principal', text: 'somebody else asked, whose rights may be others' });
  else was('rights', 'their roles', entry.actor_role, principal.roles.join(','));
  if (reasons.length === 0)
    reasons.push({
      code: 'unknown',
      text: 'nothing that is recorded differs: a model that samples, or chance',
    });
  return reasons;
}
