/** Reads values out of JSON of others: what is not there, or is something else, is undefined. */

export function field(value: unknown, ...names: readonly string[]): unknown {
  let at = value;
  for (const name of names) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

export function textField(value: unknown, ...names: readonly string[]): string | undefined {
  const found = field(value, ...names);
  return typeof found === 'string' ? found : undefined;
}

export function listField(value: unknown, ...names: readonly string[]): readonly unknown[] | undefined {
  const found = field(value, ...names);
  return Array.isArray(found) ? found : undefined;
}
