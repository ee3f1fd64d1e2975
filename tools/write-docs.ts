/** `npm run docs` */
import { writeFileSync } from 'node:fs';
import { DOCS } from './docs.ts';

for (const [file, render] of Object.entries(DOCS)) writeFileSync(file, render());
