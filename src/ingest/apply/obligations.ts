/**
 * The obligations of the documents of one file, found and written by the batch. Finding runs ahead of writing, by no more
 * than a few batches.
 */
import { FIXED_LIMITS, sha256 } from '../../base/index.ts';
import { LAW } from '../../schema/index.ts';
import type { Row, Transaction } from '../../store/index.ts';
import { ObligationFinder, type Obligation, type ObligationInput } from '../obligations/index.ts';
import { structureOf, type Surroundings } from './obligation-structure.ts';

/** A provision to search. */
export interface Provision extends ObligationInput, Surroundings {
  readonly versionId: string;
  readonly jurisdiction: string;
}

interface Batch {
  readonly provisions: readonly Provision[];
  readonly found: Promise<readonly (readonly Obligation[])[]>;
}

export class ObligationWriter {
  readonly #transaction: Transaction;
  readonly #finder = new ObligationFinder();
  /** Versions that turned out not to be new: nothing of them stays. */
  readonly #dropped = new Set<string>();
  readonly #written = new Set<string>();
  #collected: Provision[] = [];
  #chars = 0;
  readonly #searched: Batch[] = [];
  #count = 0;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** Found in what has been finished, dropped versions with them. */
  get count(): number {
    return this.#count;
  }

  async add(provision: Provision): Promise<void> {
    this.#collected.push(provision);
    this.#chars += provision.text.length;
    if (this.#chars < FIXED_LIMITS.obligation_batch_chars.value) return;
    this.#search();
    while (this.#searched.length > FIXED_LIMITS.obligation_batches.value) await this.#write();
  }

  /** Takes the obligations of a version of this transaction back. */
  async drop(versionId: string): Promise<void> {
    this.#dropped.add(versionId);
    if (this.#written.delete(versionId))
      await this.#transaction.discard(LAW.obligations, 'version_id = $1', [versionId]);
  }

  async finish(): Promise<void> {
    this.#search();
    while (this.#searched.length > 0) await this.#write();
  }

  async close(): Promise<void> {
    await this.#finder.close();
  }

  #search(): void {
    const provisions = this.#collected;
    if (provisions.length === 0) return;
    this.#collected = [];
    this.#chars = 0;
    const found = this.#finder.find(
      provisions.map(({ text, leadIns, language }) => ({ text, leadIns, language })),
    );
    // It may fail while nobody waits for it; the failure is met when it is awaited.
    found.catch(() => undefined);
    this.#searched.push({ provisions, found });
  }

  async #write(): Promise<void> {
    const batch = this.#searched.shift();
    if (batch === undefined) return;
    const found = await batch.found;
    const rows = batch.provisions.flatMap((provision, i) => {
      const obligations = found[i] ?? [];
      this.#count += obligations.length;
      if (this.#dropped.has(provision.versionId)) return [];
      if (obligations.length > 0) this.#written.add(provision.versionId);
      return obligations.map((obligation, n) => rowOf(provision, obligation, n));
    });
    await this.#transaction.insert(LAW.obligations, rows);
  }
}

function rowOf(provision: Provision, found: Obligation, index: number): Row {
  const { versionId, sectionId, jurisdiction } = provision;
  return {
    obligation_id: sha256(`${versionId} ${sectionId} ${found.spanStart} ${index}`).slice(0, 32),
    version_id: versionId,
    section_id: sectionId,
    jurisdiction,
    modality: found.modality,
    addressee: found.addressee ?? null,
    action: found.action ?? null,
    object: found.object ?? null,
    condition: found.condition ?? null,
    threshold: found.threshold ?? null,
    deadline: found.deadline ?? null,
    exception: found.exception ?? null,
    sentence: found.sentence,
    span_start: found.spanStart,
    span_end: found.spanEnd,
    confidence: found.confidence,
    method: found.method,
    ...structureOf(provision, found),
  };
}
