/** Patterns with `%` and `_`, as LIKE reads them; `\` takes the meaning of the next one away. */
type Part = 'any' | 'one' | { readonly literal: string };

/** Undefined matches everything. Takes time in proportion to name and pattern. */
export function like(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const parts = partsOf(pattern);
  return (name) => matches([...name], parts);
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  let escaped = false;
  for (const char of pattern) {
    if (!escaped && char === '\\') escaped = true;
    else {
      if (!escaped && char === '%') parts.push('any');
      else if (!escaped && char === '_') parts.push('one');
      else parts.push({ literal: char });
      escaped = false;
    }
  }
  return parts;
}

/** After a mismatch the last `%` takes in one more character; earlier ones need no second try. */
function matches(name: readonly string[], parts: readonly Part[]): boolean {
  let at = 0;
  let part = 0;
  let resume: { at: number; part: number } | undefined;
  while (at < name.length || part < parts.length) {
    const wanted = parts[part];
    if (wanted === 'any') {
      resume = { at, part };
      part++;
    } else if (
      at < name.length &&
      (wanted === 'one' || (typeof wanted === 'object' && wanted.literal === name[at]))
    ) {
      at++;
      part++;
    } else {
      if (resume === undefined || resume.at >= name.length) return false;
      resume.at++;
      at = resume.at;
      part = resume.part + 1;
    }
  }
  return true;
}
