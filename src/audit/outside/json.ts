/** Files of JSON that are checked: only what prints as it was read, so that nothing in them goes unchecked. */
import { Refused } from './bytes.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Undefined for what is no object of JSON. */
export function parseObject(text: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** With exactly these fields, in this order, none of them twice, written as the product writes it. */
export function checkWriting(value: Fields, text: string, fields: readonly string[], what: string): void {
  if (Object.keys(value).join() !== fields.join())
    throw new Refused(`its fields are not ${fields.join(', ')}`);
  const printed = text.trimEnd();
  if (printed !== JSON.stringify(value) && printed !== JSON.stringify(value, null, 2))
    throw new Refused(`it is not written as ${what} is`);
}

export const areTexts = (list: unknown): list is readonly string[] =>
  Array.isArray(list) && list.every((one) => typeof one === 'string');
