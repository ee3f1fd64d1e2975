/** Texts that are written from data, so that they cannot age. `write-docs.ts` writes them, a test compares them. */
import { readFileSync } from 'node:fs';
import { FIXED_LIMITS, LIMITS, type Limit } from '../src/base/index.ts';
import { renderMappingDocs } from './mapping-docs.ts';
import { renderCliDocs } from '../src/cli/docs.ts';
import { SYSTEM_COLUMNS, TABLES, qualifiedName, type Column } from '../src/schema/index.ts';
import { LAYERS, LAYER_PURPOSE } from './layers.ts';

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const number = (value: number): string => value.toLocaleString('en-US');

function limitTable(list: Readonly<Record<string, Limit>>): string {
  return table(
    ['name', 'value', 'unit', 'why'],
    Object.entries(list).map(([name, { value, unit, why }]) => [`\`${name}\``, number(value), unit, why]),
  );
}

function limits(): string {
  return [
    '# Limits',
    '',
    'Every bound, with its unit and what it protects. Written from `src/base/limits.ts` by `npm run docs`.',
    '',
    'A node changes a bound in `fractal.json` in its data directory:',
    '',
    '```json',
    '{ "limits": { "document_bytes": 536870912 } }',
    '```',
    '',
    limitTable(LIMITS),
    '',
    '## Fixed bounds',
    '',
    'Bounds of readers and of what is fetched; a node cannot change them.',
    '',
    limitTable(FIXED_LIMITS),
    '',
  ].join('\n');
}

function columns(list: readonly Column[]): string {
  return table(
    ['column', 'type', 'null', 'personal', 'meaning'],
    list.map((column) => [
      `\`${column.name}\``,
      column.type,
      column.nullable ? 'yes' : '',
      column.personal ?? '',
      column.doc.replaceAll('|', '\\|'),
    ]),
  );
}

function tables(): string {
  const parts = TABLES.map((one) => {
    const { region, site, category, period } = one.partition;
    const partition = [region, site, `'${category}'`, period].filter((part) => part !== undefined).join(', ');
    const states =
      one.states === undefined
        ? []
        : [
            '',
            `States of \`${one.states.column}\`: ${Object.entries(one.states.transitions)
              .map(([from, to]) => `${from} → ${to.join(', ') || '(end)'}`)
              .join('; ')}.`,
          ];
    return [
      `## ${qualifiedName(one)}`,
      '',
      one.doc,
      '',
      `Class **${one.class}** · key ${one.key.map((name) => `\`${name}\``).join(', ')} · partition ${partition}`,
      ...states,
      '',
      columns(one.columns),
      '',
    ].join('\n');
  });
  return [
    '# Tables',
    '',
    'Written from `src/schema/tables` by `npm run docs`. Every table also has these columns:',
    '',
    columns(SYSTEM_COLUMNS),
    '',
    ...parts,
  ].join('\n');
}

function layers(): string {
  return table(
    ['layer', 'may import', 'purpose'],
    Object.entries(LAYERS).map(([name, below]) => [
      `\`${name}\``,
      below.join(', ') || '—',
      LAYER_PURPOSE[name] ?? '',
    ]),
  );
}

const BEGIN = '<!-- layers: written by `npm run docs` -->';
const END = '<!-- end of layers -->';

function architecture(): string {
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  const [before = '', rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  return `${before}${BEGIN}\n\n${layers()}\n\n${END}${after}`;
}

/** Every written file with the text it should have. */
export const DOCS: Readonly<Record<string, () => string>> = {
  'LIMITS.md': limits,
  'docs/tables.md': tables,
  'docs/cli.md': renderCliDocs,
  'docs/mappings.md': renderMappingDocs,
  'ARCHITECTURE.md': architecture,
};
