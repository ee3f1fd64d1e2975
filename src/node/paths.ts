/** Where the parts of the distribution lie, from source and from dist alike. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

export function shippedModelFolder(): string {
  return fileURLToPath(new URL('models/fractal-embed-v1', ROOT));
}

export function shippedClassifierFolder(): string {
  return fileURLToPath(new URL('models/fractal-incidents-v1', ROOT));
}

/** Folders of all models of the distribution, those that the program cannot do without first. */
export function shippedModels(): string[] {
  const folder = new URL('models/', ROOT);
  const standard = [shippedModelFolder(), shippedClassifierFolder()];
  const others = readdirSync(folder)
    .sort()
    .filter((name) => existsSync(new URL(`${name}/model.json`, folder)))
    .map((name) => fileURLToPath(new URL(name, folder)));
  return [...standard, ...others.filter((one) => !standard.includes(one))];
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
