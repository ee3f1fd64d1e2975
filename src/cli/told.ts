import type { FractalError } from '../base/index.ts';

/** Errors that standard output already holds as part of its JSON document, so that they are not written there twice. */
export const told = new WeakSet<FractalError>();
