/** Words that name a document elsewhere, and the flags that go with them. */
import path from 'node:path';
import { usageError } from '../base/index.ts';
import { isSourceName, type ImportRequest } from '../node/index.ts';

/** Paths are made absolute here: a running node has another working directory. */
export function wordOf(word: string, cwd: string): string {
  if (isSourceName(word)) return word;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(word))
    throw usageError(
      'usage.address',
      'only https addresses are fetched',
      'Give the https address of the document, or download it and give the file.',
    );
  return path.resolve(cwd, word);
}

export function fetchOptions(values: {
  readonly 'allow-network': boolean;
  readonly versions: boolean;
  readonly sha256: string | undefined;
}): Pick<ImportRequest, 'allow_network' | 'versions' | 'sha256'> {
  return {
    ...(values['allow-network'] ? { allow_network: true } : {}),
    ...(values.versions ? { versions: true } : {}),
    ...(values.sha256 === undefined ? {} : { sha256: values.sha256 }),
  };
}
