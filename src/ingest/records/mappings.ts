/** The ready mappings, and which of them fits a file. */
import type { Sniff } from '../reader.ts';
import { CsvParser } from './csv.ts';
import { asMapping, type Mapping } from './mapping.ts';
import { headerName } from './rules.ts';

const NAMES = [
  'air-quality-marylebone',
  'epa-echo-air',
  'epa-echo-effluent',
  'epa-echo-facilities',
  'epa-echo-geojson',
  'epa-rmp-accidents',
  'epa-rmp-dictionary',
  'epa-rmp-facility-changes',
  'hse-notices',
  'ihm-stefanini',
  'msha-fatalities',
  'osha-abstracts',
  'osha-accident-codes',
  'osha-accident-injury',
  'osha-construction',
  'osha-dictionary',
  'phmsa-gas-distribution-2010',
  'phmsa-gas-transmission-2002',
  'uk-edm-storm-overflows',
] as const;

/** The folder is not known to the compiler: the files are data, checked when they are read. */
const files = await Promise.all(
  NAMES.map(
    async (name) =>
      (await import(`./mappings/${name}.json`, { with: { type: 'json' } })) as { default: unknown },
  ),
);

/** Mappings that come with the node. */
export const MAPPINGS: readonly Mapping[] = files.map((file, i) =>
  asMapping(file.default, `mappings/${NAMES[i] ?? ''}.json`),
);

/**
 * The mapping of a file, by its name and the columns of its first line. A file fits the mapping that asks for most; none
 * when nothing fits. Of two that ask for as much, one's own goes first. Cheap, never throws.
 */
export function findMapping(sniff: Sniff, own: readonly Mapping[] = []): Mapping | undefined {
  const headers = new Map<string, ReadonlySet<string>>();
  const headerBy = (delimiter: string, quoted: boolean): ReadonlySet<string> => {
    const key = `${delimiter}${String(quoted)}`;
    const known = headers.get(key) ?? firstRecord(sniff.head, delimiter, quoted);
    headers.set(key, known);
    return known;
  };
  const fitting = [...own, ...MAPPINGS].filter((mapping) => fits(mapping, sniff, headerBy));
  const asks = ({ match }: Mapping): number => (match.columns?.length ?? 0) + (match.files?.length ?? 0);
  return fitting.sort((a, b) => asks(b) - asks(a))[0];
}

function fits(
  { match, shape }: Mapping,
  { name, head }: Sniff,
  headerBy: (delimiter: string, quoted: boolean) => ReadonlySet<string>,
): boolean {
  const columns = match.columns ?? [];
  const isNamed = match.files?.some((pattern) => nameFits(name, pattern)) ?? true;
  if (!isNamed) return false;
  switch (shape.type) {
    // What a workbook holds is packed; the reader looks for its columns.
    case 'xlsx':
      return match.files !== undefined && head.startsWith('PK\u0003\u0004');
    case 'json':
      return /^\ufeff?\s*[[{]/.test(head) && columns.every((column) => head.includes(JSON.stringify(column)));
    case 'csv': {
      if (columns.length === 0 || /^\s*[<{[]/.test(head)) return false;
      const header = headerBy(shape.delimiter, shape.quote !== 'none');
      return columns.every((column) => header.has(column));
    }
  }
}

/** `*2020*.xlsx`: the star stands for anything. */
function nameFits(path: string, pattern: string): boolean {
  const name = path.replace(/^.*[\\/]/, '');
  const parts = pattern.split('*');
  let at = 0;
  for (const [i, part] of parts.entries()) {
    if (i === 0) {
      if (!name.startsWith(part)) return false;
      at = part.length;
      continue;
    }
    const found = i === parts.length - 1 ? name.length - part.length : name.indexOf(part, at);
    if (found < at || !name.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return parts.length > 1 || name === pattern;
}

/** Names of columns, as far as the beginning of a file tells. */
function firstRecord(head: string, delimiter: string, quoted: boolean): ReadonlySet<string> {
  try {
    const options = { source: '', delimiter, quoted, recordBytes: head.length + 1, fields: 1024 };
    for (const { rows } of new CsvParser(options).parse(head.replace(/^\ufeff/, ''), true))
      return new Set(rows[0]?.map(headerName));
  } catch {
    // A head that ends inside a quoted cell of a later record, or no CSV at all.
    const end = head.search(/\r?\n/);
    if (end > 0) return firstRecord(head.slice(0, end), delimiter, quoted);
  }
  return new Set();
}
