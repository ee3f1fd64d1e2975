/** Checks a mapping that comes from a file against its schema: which key, why, and what may stand there. */
import { FIXED_LIMITS, badInputError, type FractalError } from '../../base/index.ts';
import { overLimit } from './bounds.ts';
import { MAPPING_SCHEMA, type MappingDef, type MappingSchema } from './mapping-schema.ts';

/** Throws `mapping.malformed` or a `limit.…` error with the file as its place. */
export function checkMapping(value: unknown, source: string): void {
  new Checker(source).check(MAPPING_SCHEMA, value, '', 0);
}

export function mappingFault(source: string, where: string, what: string, cure: string): FractalError {
  const at = where === '' ? 'the mapping' : `the mapping at ${where}`;
  return badInputError('mapping.malformed', `${at} ${what}`, cure, { place: { source } });
}

class Checker {
  readonly #source: string;
  #parts = 0;

  constructor(source: string) {
    this.#source = source;
  }

  check(schema: MappingSchema, value: unknown, where: string, depth: number): void {
    if (depth > FIXED_LIMITS.mapping_depth.value)
      throw overLimit(this.#source, 'mapping_depth', 'the mapping');
    if (++this.#parts > FIXED_LIMITS.mapping_parts.value)
      throw overLimit(this.#source, 'mapping_parts', 'the mapping');
    if (schema.$ref !== undefined) {
      const name = schema.$ref.slice('#/$defs/'.length) as MappingDef;
      this.check(MAPPING_SCHEMA.$defs[name], value, where, depth);
      return;
    }
    if (schema.oneOf !== undefined) {
      this.check(this.#meant(schema.oneOf, value, where), value, where, depth);
      return;
    }
    const type = typeOf(value);
    const wanted = schema.type ?? type;
    if (type !== wanted && !(wanted === 'number' && type === 'integer'))
      throw this.#fault(where, `must be ${article(wanted)}, not ${article(type)}`, describe(schema));
    if (typeof value === 'string') this.#text(schema, value, where);
    if (Array.isArray(value)) this.#list(schema, value, where, depth);
    else if (typeof value === 'object' && value !== null) this.#object(schema, value, where, depth);
  }

  #text(schema: MappingSchema, value: string, where: string): void {
    if (schema.enum !== undefined && !schema.enum.includes(value))
      throw this.#fault(where, 'holds a word that is not known', `It is one of ${schema.enum.join(', ')}.`);
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
      throw this.#fault(where, 'is not written as it must be', describe(schema));
  }

  #list(schema: MappingSchema, value: readonly unknown[], where: string, depth: number): void {
    const { items, minItems = 0, maxItems = Infinity } = schema;
    if (value.length < minItems || value.length > maxItems)
      throw this.#fault(where, `has ${value.length} entries`, describe(schema));
    if (items !== undefined)
      for (const [i, item] of value.entries()) this.check(items, item, `${where}[${i}]`, depth + 1);
  }

  #object(schema: MappingSchema, value: object, where: string, depth: number): void {
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(value, name)) throw this.#fault(where, `lacks ${name}`, describe(schema));
    for (const [name, entry] of Object.entries(value) as [string, unknown][]) {
      const known = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
      const inner = known ? schema.properties[name] : schema.additionalProperties;
      if (inner === undefined || inner === false)
        throw this.#fault(
          where,
          `has the key ${JSON.stringify(name)}, which is not known there`,
          `Known are ${Object.keys(schema.properties ?? {}).join(', ')}.`,
        );
      this.check(inner, entry, where === '' ? name : `${where}.${name}`, depth + 1);
    }
  }

  /** The alternative whose type, or whose first required key, the value has; of objects, the one that asks for most. */
  #meant(choices: readonly MappingSchema[], value: unknown, where: string): MappingSchema {
    const type = typeOf(value);
    const kinds = choices.flatMap((one) => one.properties?.['type']?.enum ?? []);
    if (kinds.length === choices.length && type === 'object') {
      const { type: kind } = value as { readonly type?: unknown };
      const named = choices[kinds.findIndex((one) => one === kind)];
      if (named !== undefined) return named;
      throw this.#fault(`${where}.type`, 'is not known', `It is one of ${kinds.join(', ')}.`);
    }
    const fitting = choices.filter(
      (one) =>
        one.type === type &&
        (type !== 'object' ||
          one.required === undefined ||
          Object.hasOwn(value as object, one.required[0] ?? '')),
    );
    const [meant] = fitting.sort((a, b) => (b.required?.length ?? 0) - (a.required?.length ?? 0));
    if (meant !== undefined) return meant;
    const keys = choices.flatMap((one) => one.required?.[0] ?? []);
    const mayBeText = choices.some((one) => one.type === 'string');
    throw this.#fault(
      where,
      `is nothing that may stand there`,
      `Write ${mayBeText ? 'a text, or ' : ''}an object with one of ${keys.join(', ')}.`,
    );
  }

  #fault(where: string, what: string, cure: string): FractalError {
    return mappingFault(this.#source, where, what, cure);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const article = (type: string): string =>
  type === 'null'
    ? 'null'
    : `${/^[aio]/.test(type) ? 'an' : 'a'} ${type === 'array' ? 'list' : type}`.replace('an list', 'a list');

function describe({ description = '', required = [], properties }: MappingSchema): string {
  const keys = Object.keys(properties ?? {});
  const parts = [
    ...(description === '' ? [] : [`It is ${description}.`]),
    ...(required.length > 0 ? [`It needs ${required.join(', ')}.`] : []),
    ...(keys.length > required.length
      ? [`It may have ${keys.filter((key) => !required.includes(key)).join(', ')}.`]
      : []),
  ];
  return parts.join(' ') || 'See docs/mappings.md.';
}
