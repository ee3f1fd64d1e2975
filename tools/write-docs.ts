import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DOCS } from './docs.ts';
import { VERIFIERS } from './verifier.ts';

for (const [file, render] of Object.entries({ ...DOCS, ...VERIFIERS })) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, await render());
}
