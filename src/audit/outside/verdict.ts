/** Bundles, and what comes of checking one. */
import type { Entry } from './entry.ts';

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
  /** Whether whoever checks named it; otherwise it is the bundle's own word for it. */
  readonly is_key_known: boolean;
}

export interface Cosigner extends Signer {
  readonly name: string;
  /** When it cosigned, by its own clock. ISO 8601. */
  readonly time: string;
}

export interface BundleVerdict extends Signer {
  readonly entry: Entry;
  /** Leaf hash, in hexadecimal. */
  readonly hash: string;
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: string };
  readonly cosignatures: readonly Cosigner[];
  /** In plain words. */
  readonly proven: readonly string[];
  readonly not_proven: readonly string[];
}
