/** Where the parts of the distribution lie, from source and from dist alike. */
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

export function shippedModelFolder(): string {
  return fileURLToPath(new URL('models/fractal-embed-v1', ROOT));
}

export function shippedClassifierFolder(): string {
  return fileURLToPath(new URL('models/fractal-incidents-v1', ROOT));
}

export function shippedPolicy(): string {
  return fileURLToPath(new URL('policies/default.json', ROOT));
}

export function shippedUseCases(): string {
  return fileURLToPath(new URL('policies/use-cases.json', ROOT));
}

/** What is handed to outsiders to check bundles with: the program of one file, or the page. */
export function shippedVerifier(kind: 'program' | 'page'): string {
  const name = kind === 'page' ? 'fractal-audit-verify.html' : 'fractal-audit-verify.mjs';
  return fileURLToPath(new URL(`verifier/${name}`, ROOT));
}
