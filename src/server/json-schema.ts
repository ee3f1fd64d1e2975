/**
 * The part of JSON Schema 2020-12 that Fractal's requests use. One description checks the request and is shown in
 * `/v1/openapi.json`. Only shape is checked here; whether a value makes sense is the node's to say, so that a command
 * and a request get the same answer.
 */
import { usageError } from '../base/index.ts';

export interface JsonSchema {
  readonly type?: SchemaType | readonly SchemaType[];
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly oneOf?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly $ref?: string;
}

export type SchemaType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

export interface ObjectSchema extends JsonSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonSchema>>;
}

/** A body that says nothing. */
export const NO_BODY: ObjectSchema = { type: 'object', properties: {}, additionalProperties: false };

function typeOf(value: unknown): SchemaType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  if (type === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return type === 'boolean' || type === 'string' ? type : 'object';
}

const refuse = (where: string, what: string): never => {
  throw usageError('http.request', `${where} ${what}`, 'See /v1/openapi.json for what the request may hold.');
};

/** Throws `http.request`, naming the field and never its value. */
export function check(schema: JsonSchema, value: unknown, where = 'the body'): void {
  const type = typeOf(value);
  if (schema.type !== undefined) {
    const allowed: readonly string[] = Array.isArray(schema.type) ? schema.type : [schema.type as string];
    if (!allowed.includes(type) && !(type === 'integer' && allowed.includes('number')))
      refuse(where, `must be ${allowed.join(' or ')}, not ${type}`);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string))
    refuse(where, `must be one of ${schema.enum.join(', ')}`);
  if (type === 'array') {
    const items = value as readonly unknown[];
    if (items.length < (schema.minItems ?? 0)) refuse(where, `must hold at least ${schema.minItems ?? 0}`);
    if (schema.items !== undefined)
      for (const [index, item] of items.entries()) check(schema.items, item, `${where}[${index}]`);
  }
  if (type === 'object' && schema.properties !== undefined)
    checkObject(schema as ObjectSchema, value as object, where);
}

function checkObject(schema: ObjectSchema, value: object, where: string): void {
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) refuse(where, `needs "${name}"`);
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (Object.hasOwn(schema.properties, name)) {
      const known = schema.properties[name];
      if (known !== undefined) check(known, field, `"${name}"`);
    } else if (schema.additionalProperties === false) {
      refuse(where, `has a field that is not known; known are ${Object.keys(schema.properties).join(', ')}`);
    }
  }
}

/** Query parameters as the object that a JSON body would be. Numbers and flags are read as such. */
export function fromQuery(schema: ObjectSchema, query: URLSearchParams): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    const type = schema.properties[name]?.type;
    if (values.length > 1) refuse(`the parameter "${name}"`, 'is given twice');
    const text = values[0] ?? '';
    const isNumber = (type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text);
    const isFlag = type === 'boolean' && (text === 'true' || text === 'false');
    out[name] = isNumber ? Number(text) : isFlag ? text === 'true' : text;
  }
  check(schema, out, 'the query');
  return out;
}
