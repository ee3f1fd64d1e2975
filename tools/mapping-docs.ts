/** docs/mappings.md, written from the schema that mapping files are checked by. */
import { FIXED_LIMITS, LIMITS } from '../src/base/index.ts';
import { MAPPINGS, MAPPING_SCHEMA, type MappingSchema } from '../src/ingest/index.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** What may stand somewhere, in a word. */
function kind(schema: MappingSchema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice('#/$defs/'.length);
  if (schema.oneOf !== undefined) return schema.oneOf.map(kind).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : kind(schema.items)}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `object of ${kind(schema.additionalProperties)}`;
  return schema.type ?? 'anything';
}

function keys(schema: MappingSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, inner]) =>
      `| \`${name}\` | ${kind(inner)} | ${schema.required?.includes(name) === true ? 'yes' : ''} | ${cell(inner.description ?? '')} |`,
  );
  return ['| key | value | needed | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function choices(schema: MappingSchema): string {
  return (schema.oneOf ?? [])
    .map((one) => {
      if (one.type === 'string') return `- a text: ${one.description ?? ''}`;
      const parts = Object.entries(one.properties ?? {}).map(([name, inner]) => {
        const optional = one.required?.includes(name) === true ? '' : '?';
        return `\`${name}\`${optional}: ${kind(inner)}`;
      });
      return `- { ${parts.join(', ')} } — ${one.description ?? ''}`;
    })
    .join('\n');
}

const EXAMPLE = {
  name: 'my-meters',
  description: 'hourly export of our stack meters',
  match: { columns: ['meter', 'taken', 'so2 mg/m3'] },
  shape: { type: 'csv', delimiter: ';' },
  empty: ['-'],
  emit: [
    {
      table: 'esh.monitoring_readings',
      columns: {
        point_id: { concat: [{ value: 'stack-' }, 'meter'], all: true },
        region: { value: 'North' },
        site_id: { value: 'works-1' },
        parameter: { value: 'SO2' },
        measured_at: { date: 'taken', formats: ['DD.MM.YYYY hh:mm'], past: true },
        value: { number: 'so2 mg/m3', min: 0 },
        unit: { value: 'mg/m3' },
      },
    },
  ],
};

const bounds = (): string =>
  [
    ...(
      [
        'mapping_bytes',
        'mapping_depth',
        'mapping_parts',
        'mapping_rules',
        'mapping_files',
        'record_rows',
      ] as const
    ).map((name) => [name, FIXED_LIMITS[name]] as const),
    ...(['record_bytes', 'record_fields', 'record_doubts'] as const).map(
      (name) => [name, LIMITS[name]] as const,
    ),
  ]
    .map(([name, { value, unit, why }]) => `- \`${name}\`: ${value.toLocaleString('en-US')} ${unit}; ${why}`)
    .join('\n');

export function renderMappingDocs(): string {
  const { $defs } = MAPPING_SCHEMA;
  return (
    [
      '# Mappings',
      'Written from `src/ingest/records/mapping-schema.ts` by `npm run docs`.',
      'A mapping is a JSON file that says how the records of one source (CSV, JSON, XLSX) become rows of `esh.*`. The ' +
        'vocabulary is closed: a mapping copies, combines, looks up and converts cells; it runs no code.',
      `${MAPPINGS.length} mappings come with Fractal (\`fractal mappings\` lists them, \`fractal mappings show NAME\` prints one to start from). ` +
        'One of your own is given with `fractal import FILE --mapping my-mapping.json`, or laid in the folder `mappings/` of the ' +
        'data directory, where every import finds it by its `match`. Of two mappings that ask for as many columns and names, your own goes first. ' +
        'A mapping with a fault in that folder stops imports until it is corrected or taken out: its files must not be read by another one without a word.',
      '`fractal mappings check FILE --mapping my-mapping.json` writes nothing and says what each column becomes, and the first doubts ' +
        'and rejections with their lines.',
      '```json\n' + JSON.stringify(EXAMPLE, null, 2) + '\n```',
      '## What becomes of a record',
      'A record is added, added with a doubt, or rejected, and the three sum up to the records of the file. A value that cannot be ' +
        'read, or cannot be, is left empty and the record is kept with a doubt; where the column must not be empty, an impossible day ' +
        'rejects the record and a doubtful one (in the future, before 1900) is kept as printed. Doubts and rejections are in ' +
        '`node.record_doubts` by source, line, table, key of the row, column and reason; `esh.incidents` has the reasons in `flags` too.',
      'People named in free texts are found by the node; `personal_spans` is not for mappings to give.',
      '## History of a status',
      'A table with states (`esh.permit_status`, `esh.enforcement_actions`, `esh.action_items`) takes a new row in an initial ' +
        'status only. A file named after its table, such as `esh.action_items.csv`, may therefore hold several rows of one key: they are ' +
        'steps, in the order of the file, each a move that is allowed; the last one is what the table then shows. Steps up to where the ' +
        'table stands already are passed over, so a longer history of the same key can be imported again. Through a mapping a key comes once a file.',
      '## The mapping',
      keys($defs.mapping),
      '### shape',
      choices($defs.mapping.properties?.['shape'] ?? {}),
      '### emission',
      keys($defs.emission),
      '## Rules',
      'A rule is one of these; of an object, the key that comes first here says which. The type of the column must fit: text for ' +
        'VARCHAR, a list for VARCHAR[], a date for DATE and TIMESTAMP, a number or a text for the numbers; a BOOLEAN is the text `true` or `false`.',
      '### text',
      choices($defs.text),
      '### list',
      choices($defs.list),
      '### number and date',
      choices({ oneOf: ($defs.rule.oneOf ?? []).slice(-2) }),
      'Words of a format: `YYYY`, `YY` (00–69 are 2000–2069), `MM`, `DD`, `hh`, `mm`, `ss`, `MON` (name of a month), `AM`, `Z` (`Z` or ' +
        '`+01:00`); `serial` is a day number of a spreadsheet; `in text` is the first date that a text tells; a format that ends in `*` ' +
        'ignores what follows. All else stands for itself. Times without `Z` are taken for UTC.',
      '### condition',
      choices($defs.condition),
      '## Bounds',
      bounds(),
      '## JSON Schema',
      '```json\n' + JSON.stringify(MAPPING_SCHEMA, null, 1) + '\n```',
    ].join('\n\n') + '\n'
  );
}
