/** Bundles, and what comes of checking files. */
import type { Entry, Value } from './entry.ts';

export interface AuditBundle {
  readonly format: string;
  /** The very text of the entry: its bytes are the leaf. */
  readonly entry: string;
  /** Hashes from the leaf to the root, lowest first, in base64. */
  readonly proof: readonly string[];
  /** C2SP signed note. */
  readonly checkpoint: string;
  /** Keys of its signatures, in the note format. */
  readonly keys: readonly string[];
}

/** A key that signed. */
export interface Signer {
  /** In the note format. */
  readonly key: string;
  /** SHA-256 in hexadecimal, for people to compare. */
  readonly fingerprint: string;
  /** Whether whoever checks named it; otherwise it is the file's own word for it. */
  readonly is_key_known: boolean;
}

export interface Cosigner extends Signer {
  readonly name: string;
  /** When it cosigned, by its own clock. ISO 8601. */
  readonly time: string;
}

export interface FoundBundle extends Signer {
  readonly entry: Entry;
  /** Leaf hash, in hexadecimal. */
  readonly hash: string;
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: string };
  readonly cosignatures: readonly Cosigner[];
  /** Of a bundle of a report: what the entry recorded, and what was put to it. */
  readonly report?: FoundReport;
}

export interface FoundReport {
  readonly content: Value;
  readonly evidence: readonly FoundEvidence[];
  /** The entry that wrote down the evidence. */
  readonly attached: Entry | null;
}

export interface FoundEvidence {
  readonly name: string;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Length of its content; null where only its hash is here. */
  readonly bytes: number | null;
}

interface InWords {
  /** Proven, or what is missing for it. */
  readonly headline: string;
  readonly is_proven: boolean;
  /** In plain words. */
  readonly proven: readonly string[];
  readonly not_proven: readonly string[];
}

export type BundleVerdict = FoundBundle & InWords;

/** The log at one size, as files say that it was signed. */
export interface State {
  readonly size: number;
  /** In base64. */
  readonly root: string;
  readonly files: readonly { readonly name: string; readonly kind: 'bundle' | 'growth' | 'checkpoint' }[];
  readonly signed: readonly (Signer & {
    readonly cosignatures: readonly Cosigner[];
    /** Names of those whose signature was not checked, for want of a key. */
    readonly unchecked: readonly string[];
  })[];
}

export interface FoundHistory {
  readonly origin: string;
  /** Oldest first. */
  readonly states: readonly State[];
  readonly bundles: readonly (FoundBundle & { readonly file: string })[];
  readonly growth: readonly { readonly file: string; readonly from: number; readonly to: number }[];
  /** Sizes of states that were not shown to be a beginning of the newest one. */
  readonly unlinked: readonly number[];
}

export type HistoryVerdict = FoundHistory & InWords;

export type Verdict = BundleVerdict | HistoryVerdict;
