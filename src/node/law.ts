/** Questions about the law itself: versions, differences, texts. Whoever may read the sections may ask. */
import { deniedError, today } from '../base/index.ts';
import {
  diffLaw,
  findDocument,
  governedSnapshot,
  lawObligations,
  listDocuments,
  showLaw,
  versionsOf,
  type AccessPolicy,
  type ListedDocument,
  type Principal,
  type ReadRows,
} from '../query/index.ts';
import type {
  LawDiff,
  LawDiffRequest,
  LawObligations,
  LawObligationsRequest,
  LawShowRequest,
  LawText,
  LawVersions,
} from './api.ts';
import type { NodeParts } from './parts.ts';

const TABLES = ['law.documents', 'law.versions', 'law.sections'];

export class LawQuestions {
  readonly #parts: NodeParts;
  readonly #principal: Principal;
  readonly #policy: AccessPolicy;

  constructor(parts: NodeParts, principal: Principal, policy: AccessPolicy) {
    this.#parts = parts;
    this.#principal = principal;
    this.#policy = policy;
  }

  async diff(request: LawDiffRequest, signal?: AbortSignal): Promise<LawDiff> {
    const { document, from, to, section, known_at: known, all = false } = request;
    const query = { document, from, to, section, known, all, today: today(this.#parts.outside.clock) };
    return await this.#read(signal, (rows) => diffLaw(rows, query, this.#parts.limits));
  }

  async versions(document: string): Promise<LawVersions> {
    return await this.#read(undefined, async (rows) => {
      const found = await findDocument(rows, document);
      return { document: found, versions: await versionsOf(rows, found.document_id, this.#parts.limits) };
    });
  }

  async documents(): Promise<readonly ListedDocument[]> {
    return await this.#read(undefined, (rows) => listDocuments(rows, this.#parts.limits));
  }

  async show({ citation, at }: LawShowRequest): Promise<LawText> {
    const query = { citation, at: at ?? today(this.#parts.outside.clock) };
    return await this.#read(undefined, (rows) => showLaw(rows, query, this.#parts.limits));
  }

  /** What SQL would show: each read is an authorised query. */
  async obligations(
    { of, at, addressee, topic, modality }: LawObligationsRequest,
    signal?: AbortSignal,
  ): Promise<LawObligations> {
    const { limits, outside } = this.#parts;
    const query = { of, at: at ?? today(outside.clock), addressee, topic, modality };
    return await this.#governed(signal, (rows) => lawObligations(rows, query, limits));
  }

  async #governed<T>(signal: AbortSignal | undefined, body: (rows: ReadRows) => Promise<T>): Promise<T> {
    const { store, limits } = this.#parts;
    const ports = { store, limits, policy: this.#policy };
    return await governedSnapshot(ports, this.#principal, signal ?? new AbortController().signal, body);
  }

  /** All reads of one answer see one commit. */
  async #read<T>(signal: AbortSignal | undefined, body: (rows: ReadRows) => Promise<T>): Promise<T> {
    let isLimited = false;
    for (const table of TABLES) {
      const request = { action: 'read', tables: [table], shown: ['*'] } as const;
      const decision = this.#policy.decide(this.#principal, request);
      if (!decision.allowed)
        throw deniedError(
          'policy.denied',
          `${this.#principal.id} may not read the law (${decision.rule})`,
          'Ask an administrator for the right.',
        );
      isLimited ||= decision.predicate !== undefined;
    }
    // Under a row rule, what there is to compare, list and name is what SQL would show.
    if (isLimited) return await this.#governed(signal, body);
    return await this.#parts.store.snapshot((snapshot) =>
      body(async (sql, params) => {
        signal?.throwIfAborted();
        return await snapshot.rows(sql, params);
      }),
    );
  }
}
