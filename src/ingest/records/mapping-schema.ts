/**
 * The mapping language as JSON Schema 2020-12: what a mapping file is checked by, and what docs/mappings.md shows.
 * `mapping.ts` has the same as types. Of the alternatives of a rule, the one is meant whose first required key is there.
 */
export interface MappingSchema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly items?: MappingSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, MappingSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: MappingSchema | false;
  readonly oneOf?: readonly MappingSchema[];
  readonly $ref?: `#/$defs/${MappingDef}`;
}
export type MappingDef = 'mapping' | 'text' | 'list' | 'rule' | 'condition' | 'emission';

const ref = (name: MappingDef): MappingSchema => ({ $ref: `#/$defs/${name}` });
const word = (description: string): MappingSchema => ({ type: 'string', description });
const flag = (description: string): MappingSchema => ({ type: 'boolean', description });
const number = (description: string): MappingSchema => ({ type: 'number', description });
const whole = (description: string): MappingSchema => ({ type: 'integer', description });
const choice = (description: string, ...values: string[]): MappingSchema => ({
  type: 'string',
  description,
  enum: values,
});
const words = (description: string): MappingSchema => ({
  type: 'array',
  description,
  items: { type: 'string' },
});
const several = (items: MappingSchema, description: string): MappingSchema => ({
  type: 'array',
  description,
  items,
  minItems: 1,
});
const each = (value: MappingSchema, description: string): MappingSchema => ({
  type: 'object',
  description,
  additionalProperties: value,
});

type Keys = Readonly<Record<string, MappingSchema>>;
const object = (description: string, required: Keys, optional: Keys = {}): MappingSchema => ({
  type: 'object',
  description,
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

const text = ref('text');
const column = word('name of a column of the file; `Name*` is the one column that begins so');
const codes = each({ type: 'string' }, 'what each code stands for');
const when = ref('condition');

const TEXT: readonly MappingSchema[] = [
  word('the cell of a column of this name; `Name*` is the one column that begins so'),
  object('always this text', { value: word('the text') }),
  object('the cell of a column', { column }),
  object(
    'parts one after the other; empty ones are left out',
    { concat: several(text, 'the parts') },
    { separator: word('between them'), all: flag('one empty part makes the whole empty') },
  ),
  object('the first that is not empty', { first: several(text, 'tried in turn') }),
  object(
    'what a code stands for',
    {
      lookup: text,
      codes: { oneOf: [word('a table of `codes` of the mapping'), codes] },
    },
    { otherwise: text },
  ),
  object(
    'the first case that holds',
    {
      cases: several(object('a case', { when, then: text }), 'tried in turn'),
    },
    { otherwise: text },
  ),
  object(
    'what stands between two marks; without the mark nothing, unless `whole`',
    { part: text },
    {
      after: word('mark before it'),
      before: word('mark behind it'),
      last: flag('the last such mark counts'),
      whole: flag('all of the text where the mark is missing'),
    },
  ),
  object('in small or capital letters', {
    letters: text,
    as: choice('which', 'lower', 'upper'),
  }),
  object('a number as text, without leading zeros and `.0`', { plain: text }),
  object('with zeros before it', { padded: text, digits: whole('how long it is then') }),
  object(
    'an identity from columns: the first 128 bits of SHA-256 in hexadecimal digits',
    { id: several(text, 'what it is made of') },
    { prefix: word('before it') },
  ),
  object('a definition of the mapping', { use: word('its name in `define`') }),
  object('what the entry of `each` that this row is for says; `column`: the cell of the column it names', {
    each: word('a key of the entries'),
  }),
  object('texts of a list, joined', { join: ref('list'), separator: word('between them') }),
  object('the name of the file', { source: choice('what of the file', 'name') }),
];

const LIST: readonly MappingSchema[] = [
  object('a text cut into a list', {
    list: text,
    split: word('the mark between the texts, or `json` for a JSON list'),
  }),
  object('a list of texts', { items: several(text, 'empty ones are left out') }),
];

const RULE: readonly MappingSchema[] = [
  object(
    'a number: `1,234.50`, `$12`, `.5`, `1e3`',
    { number: text },
    {
      min: number('less is doubtful'),
      max: number('more is doubtful'),
      times: number('what it is multiplied by'),
    },
  ),
  object(
    'a date or an instant',
    { date: text, formats: several({ type: 'string' }, 'formats, tried in turn; see below') },
    {
      time: text,
      timeFormats: words('formats of the time; default `hh:mm`'),
      past: flag('it tells of something that has happened: a day after today is doubtful'),
      notBefore: word('first day that is not doubtful, `YYYY-MM-DD`; default 1900-01-01'),
      plus: word('added to the instant, `hh:mm:ss`'),
    },
  ),
];

const CONDITION: readonly MappingSchema[] = [
  object('the cell is one of these', { is: words('texts'), column }),
  object('the cell holds one of these words, in any case of letters', { contains: words('words'), column }),
  object('one of these cells is a number above zero', { positive: words('columns') }),
  object('one of these cells says yes', { yes: words('columns') }),
  object('one of these cells is filled', { filled: words('columns') }),
  object('one of them holds', { any: several(when, 'conditions') }),
  object('all of them hold', { all: several(when, 'conditions') }),
  object('it does not hold', { not: when }),
];

const EMISSION = object(
  'rows of one table; the first of a mapping is what a record is, the others are derived from it',
  {
    table: word('e.g. `esh.incidents`; docs/tables.md lists them'),
    columns: each(
      ref('rule'),
      'what each column of the table becomes; columns that may be NULL can be left out',
    ),
  },
  {
    each: several(each({ type: 'string' }, 'an entry'), 'one row for each entry'),
    when,
    once: flag('a thing that many records speak of: one row for each key, and only where the node has none'),
    order: {
      type: 'array',
      description: '`[start, end]`: an end before its start is doubtful',
      items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
    },
  },
);

const SHAPE: readonly MappingSchema[] = [
  object(
    'delimited text; the first line names the columns',
    {
      delimiter: { type: 'string', description: 'one character', pattern: '^[^"\\r\\n]$' },
      type: choice('', 'csv'),
    },
    { quote: choice('quotes are ordinary characters', 'none') },
  ),
  object('JSON', {
    paths: several(
      words('keys'),
      'keys on the way to each list of records; `[[]]` is a list at the top, or one record a line',
    ),
    type: choice('', 'json'),
  }),
  object('a workbook: every sheet that has the columns of `match`', { type: choice('', 'xlsx') }),
];

const MAPPING = object(
  'how the records of one source become rows of `esh.*`',
  {
    name: {
      type: 'string',
      description: 'small letters, digits and hyphens',
      pattern: '^[a-z0-9][a-z0-9-]{0,79}$',
    },
    description: word('what the source is'),
    match: object(
      'which files it is for',
      {},
      {
        files: words('names of files, `*` for anything'),
        columns: words('columns that must be there; for JSON, keys'),
      },
    ),
    shape: { oneOf: SHAPE, description: 'how the file is built' },
    emit: { type: 'array', description: 'rows made of a record', items: ref('emission') },
  },
  {
    encoding: choice('`detect`: each line is UTF-8, or else Windows-1252', 'utf-8', 'latin-1', 'detect'),
    empty: words('cells that mean nothing is there'),
    codes: each(codes, 'tables of codes'),
    define: each(text, 'texts that several rules use'),
    optional: words('columns that may be missing from the file'),
    unique: words(
      'columns that are different for every record; without it the keys of the first table are compared',
    ),
    repeats: choice(
      'records of a key that has come before: rejected, or kept with `#2` and a doubt',
      'reject',
      'number',
    ),
    reject: {
      type: 'array',
      description: 'records that are no rows of ours',
      items: object('which and why', { when, reason: word('told with the line') }),
    },
    refuse: word('why no record of this source is a row of ours'),
  },
);

export const MAPPING_SCHEMA: {
  readonly $defs: Readonly<Record<MappingDef, MappingSchema>>;
} & MappingSchema & {
    readonly $schema: string;
  } = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $ref: '#/$defs/mapping',
  $defs: {
    mapping: MAPPING,
    emission: EMISSION,
    rule: { oneOf: [...TEXT, ...LIST, ...RULE] },
    text: { oneOf: TEXT },
    list: { oneOf: LIST },
    condition: { oneOf: CONDITION },
  },
};
